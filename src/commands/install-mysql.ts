import { resolve } from 'node:path';
import { TwinDbError } from '../errors.ts';
import { uninstall as undo } from '../jobs/install/uninstall.ts';
import { installRestored } from '../jobs/restore/restore-mysql.ts';
import type { CommandContext } from './command.ts';

/** Options of `restore mysql` that change the data directory of this host. */
export interface InstallingOptions {
  readonly install?: boolean | undefined;
  readonly start?: boolean | undefined;
  /** The date of an install, or the folder with the old data. */
  readonly uninstall?: string | undefined;
}

/**
 * Does what these options ask for when no copy is to be restored: undoes an install, or installs what is in `dst`. Undefined where a copy is to be
 * restored first. Throws a TwinDbError when they do not go together.
 */
export async function installOnly(
  copy: string | undefined,
  dst: string,
  { install, start = false, uninstall }: InstallingOptions,
  context: CommandContext,
): Promise<readonly string[] | undefined> {
  if (uninstall !== undefined) {
    if (copy !== undefined)
      throw new TwinDbError('--uninstall restores no copy, and one is named; nothing is changed', {
        remedy: 'Leave out the copy: the old data come back from where the install has put them.',
      });
    return await undo(uninstall.startsWith('.') ? resolve(uninstall) : uninstall, { start }, context);
  }
  if (start && !install)
    throw new TwinDbError('--start is for --install and --uninstall; nothing is restored', {
      remedy: 'Add --install, or leave out --start.',
    });
  return install && copy === undefined ? await installRestored(resolve(dst), { start }, context) : undefined;
}
