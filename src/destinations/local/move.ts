import { dirname } from 'node:path';
import type { Log } from '../../log.ts';
import { conflictError } from '../claim-key.ts';
import { claimName } from './claim-name.ts';
import { localError } from './errors.ts';
import { syncFolders } from './folders.ts';

/** Renames a file of one folder to a name there that nothing has. Throws a ConflictError when something has it, else a StorageError. */
export async function moveFile(from: string, to: string, root: string, log: Log): Promise<void> {
  try {
    if (!(await claimName(from, to))) throw conflictError(to);
    await syncFolders(root, dirname(to), log);
  } catch (cause) {
    throw localError('rename', from, root, cause);
  }
}
