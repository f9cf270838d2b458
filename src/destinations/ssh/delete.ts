import { removeFile, statPath, unlessAbsent } from './files.ts';
import type { SftpSession } from './session.ts';

/** Deletes a remote file; an absent one is deleted already. Rejects with the server's status. */
export async function deleteFile(session: SftpSession, path: string): Promise<void> {
  try {
    await unlessAbsent(removeFile(session, path));
  } catch (error) {
    // A folder is no object: there is nothing to delete.
    if (!(await statPath(session, path))?.isDirectory()) throw error;
  }
}
