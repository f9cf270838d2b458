import { mkdir, open, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Log } from '../log.ts';
import { codeOf, saysAbsent } from './local-errors.ts';

/** Only the user who makes the backups may enter. */
const FOLDER_MODE = 0o700;

/** Makes one folder whose parent is there; whether it had to be made. */
async function makeOne(path: string): Promise<boolean> {
  try {
    await mkdir(path, FOLDER_MODE);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Makes a folder and those above it where they are absent; gives the topmost that had to be made. Throws the system's
 * error. Not `mkdir` with `recursive`: Node 20 reports a read-only or a failing file system as ENOENT there.
 */
export async function makeFolder(path: string): Promise<string | undefined> {
  try {
    return (await makeOne(path)) ? path : undefined;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || path === dirname(path)) throw error;
  }
  const top = await makeFolder(dirname(path));
  const made = await makeOne(path);
  return top ?? (made ? path : undefined);
}

/** Removes the folder of half-written files when none is left in it. */
export async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST' && !saysAbsent(error)) throw error;
  }
}

/** Makes the names in a folder durable: without it a rename may be lost with the power. */
async function syncFolder(path: string, log: Log): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } catch (error) {
    // Some network file systems have no such call; the file's own bytes are safe by then.
    if (codeOf(error) !== 'EINVAL' && codeOf(error) !== 'ENOTSUP') throw error;
    log.debug(`The file system of ${path} cannot sync folders`);
  } finally {
    await folder.close();
  }
}

/** Makes the names in `folder` and in every folder above it up to `top` durable. */
export async function syncFolders(top: string, folder: string, log: Log): Promise<void> {
  await syncFolder(folder, log);
  if (folder !== top && folder !== dirname(folder)) await syncFolders(top, dirname(folder), log);
}
