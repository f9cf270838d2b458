import { TwinDbError } from '../errors.ts';
import { seeWhetherItEnds } from '../process/no-answer.ts';

/** How long a file system may take to say what a path is, in milliseconds. */
const LIMIT_MS = 5 * 60_000;

/**
 * Makes sure that the file system of a directory answers. Asked through a program: a call of our own to a frozen network mount
 * would never return, and our process could not even end. Throws a TwinDbError when it does not answer for 5 minutes, and the
 * signal's reason; what is wrong with a path otherwise shows when it is read. `limitMs` is for tests.
 */
export async function requireAnswer(path: string, signal: AbortSignal, limitMs = LIMIT_MS): Promise<void> {
  const question = { command: 'stat', args: ['--', path], debianPackage: 'coreutils' };
  if ((await seeWhetherItEnds(question, signal, limitMs)) === 'ended') return;
  throw new TwinDbError(`its file system has not answered for ${limitMs / 1000} s`, {
    remedy: `See whether the server of the mount that ${path} is on still runs.`,
  });
}
