import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../errors.ts';

/**
 * When something was last written to a file, or to any file in a folder and below it: the folder's own time changes only when
 * names are added. Milliseconds since the epoch; what vanishes meanwhile counts as just written. Throws the system's errors.
 */
export async function lastWriteBelow(path: string): Promise<number> {
  try {
    const stats = await lstat(path);
    let newest = stats.mtimeMs;
    if (stats.isDirectory())
      for (const name of await readdir(path))
        newest = Math.max(newest, await lastWriteBelow(join(path, name)));
    return newest;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return Date.now();
    throw error;
  }
}
