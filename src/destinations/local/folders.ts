import { open, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { saysAbsent } from './errors.ts';

/** Removes the folder of half-written files when none is left in it. */
export async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST') && !saysAbsent(error)) throw error;
  }
}

/** Makes the names in a folder durable: without it a rename may be lost with the power. */
async function syncFolder(path: string, log: Log): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } catch (error) {
    // Some network file systems have no such call; the file's own bytes are safe by then.
    if (!hasCode(error, 'EINVAL', 'ENOTSUP')) throw error;
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
