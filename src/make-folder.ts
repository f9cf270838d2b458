import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from './errors.ts';

/** Makes one folder whose parent is there; whether it had to be made. */
async function makeOne(path: string, mode: number | undefined): Promise<boolean> {
  try {
    await mkdir(path, mode);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/**
 * Makes a folder and those above it where they are absent, with `mode` or as the umask says; gives the topmost that had to
 * be made. Throws the system's error. Not `mkdir` with `recursive`: where nothing can be made, as in /proc, Node 20 tries
 * for ever, and it reports a read-only or a failing file system as ENOENT.
 */
export async function makeFolder(path: string, mode?: number): Promise<string | undefined> {
  try {
    return (await makeOne(path, mode)) ? path : undefined;
  } catch (error) {
    if (!hasCode(error, 'ENOENT') || path === dirname(path)) throw error;
  }
  const top = await makeFolder(dirname(path), mode);
  const made = await makeOne(path, mode);
  return top ?? (made ? path : undefined);
}
