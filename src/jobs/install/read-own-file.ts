import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { hasCode, TwinDbError } from '../../errors.ts';
import { findWriters, ownAccounts } from '../../writers.ts';

/**
 * Reads a text file that decides what root does, which only this account may have written: no link is followed. Undefined: it is absent.
 * Throws the system's error, or a TwinDbError that says who else may write to it.
 */
export async function readOwnFile(path: string): Promise<string | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    const stats = await file.stat();
    const reason = stats.isFile() ? findWriters(stats, ownAccounts()) : 'it is no ordinary file';
    if (reason !== undefined) throw new TwinDbError(`${path} is not used: ${reason}`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
