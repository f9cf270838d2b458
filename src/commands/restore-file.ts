import { resolve } from 'node:path';
import { restoreFile as restore } from '../jobs/restore/restore-file.ts';
import { type Accepting, withAcceptance } from './accept-unauthenticated.ts';
import { askForCopy } from './ask-for-copy.ts';
import type { CommandContext } from './command.ts';
import { requireLatest } from './require-latest.ts';

interface RestoreFileOptions extends Accepting {
  readonly dst: string;
  /** Keep what could be restored when some files could not be made. */
  readonly keepGoing?: boolean;
  /** The paths are patterns. */
  readonly glob?: boolean;
  readonly before?: Date;
  readonly hostname?: string;
  /** A directory. */
  readonly source?: string;
}

/** Restores a copy of a directory, or some paths of it; without a copy, lists those there are and fails. */
export async function restoreFile(
  copy: string | undefined,
  paths: readonly string[],
  { dst, keepGoing = false, glob = false, before, hostname, source, ...accepting }: RestoreFileOptions,
  context: CommandContext,
): Promise<boolean> {
  if (copy === undefined) return await askForCopy('files', 'restore file COPY --dst DIR', context);
  requireLatest(copy, { before, source, hostname });
  const options = {
    dst: resolve(dst),
    keepGoing,
    wantedPaths: paths.length === 0 ? undefined : { paths, isGlob: glob },
    latest: { host: hostname ?? context.host, before, source },
  };
  await restore(copy, options, withAcceptance(context, accepting));
  return true;
}
