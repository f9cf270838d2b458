import { unlink } from 'node:fs/promises';
import { hasCode } from '../../errors.ts';
import { localError, saysAbsent } from './errors.ts';

/** Deletes the file at `path`; an absent one is deleted already. Throws a StorageError. */
export async function deleteFile(path: string, root: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    // A folder is no object, so there is nothing under this key.
    if (!saysAbsent(error) && !hasCode(error, 'EISDIR')) throw localError('delete', path, root, error);
  }
}
