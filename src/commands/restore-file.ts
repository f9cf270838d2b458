import { resolve } from 'node:path';
import { restoreFile as restore } from '../jobs/restore/restore-file.ts';
import { type Accepting, withAcceptance } from './accept-unauthenticated.ts';
import { askForCopy } from './ask-for-copy.ts';
import type { CommandContext } from './command.ts';

interface RestoreFileOptions extends Accepting {
  readonly dst: string;
  /** Keep what could be restored when some files could not be made. */
  readonly keepGoing?: boolean;
}

/** Restores a copy of a directory; without a copy, lists those there are and fails. */
export async function restoreFile(
  copy: string | undefined,
  { dst, keepGoing, ...accepting }: RestoreFileOptions,
  context: CommandContext,
): Promise<boolean> {
  if (copy === undefined) return await askForCopy('files', 'restore file COPY --dst DIR', context);
  await restore(copy, resolve(dst), withAcceptance(context, accepting), keepGoing);
  return true;
}
