import { resolve } from 'node:path';
import { describeError } from '../errors.ts';
import { findCopies } from '../jobs/list-copies.ts';
import { restoreFile as restore } from '../jobs/restore-file.ts';
import type { CommandContext } from './command.ts';

interface RestoreFileOptions {
  readonly dst: string;
}

/** Restores a copy of a directory; without a copy, lists those there are and fails. */
export async function restoreFile(
  copy: string | undefined,
  { dst }: RestoreFileOptions,
  context: CommandContext,
): Promise<boolean> {
  if (copy !== undefined) {
    await restore(copy, resolve(dst), context);
    return true;
  }
  const found = await findCopies(context);
  if (found.failure !== undefined) context.log.error(describeError(found.failure));
  const copies = found.copies.filter(({ parsed }) => parsed.media === 'files');
  for (const { location } of copies) context.print(location);
  context.log.error(
    copies.length === 0
      ? `There is no copy of files on ${context.remote.url}`
      : 'Choose one of the copies listed above: twindb-backup restore file COPY --dst DIR',
  );
  return false;
}
