import { rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { syncFolder } from '../../sync-folder.ts';
import { saysAbsent } from './errors.ts';

/** Removes the folder of half-written files when none is left in it. */
export async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST') && !saysAbsent(error)) throw error;
  }
}

/** Makes the names in `folder` and in every folder above it up to `top` durable. */
export async function syncFolders(top: string, folder: string, log: Log): Promise<void> {
  // The file's own bytes are safe by then.
  if (!(await syncFolder(folder))) log.debug(`The file system of ${folder} cannot sync folders`);
  if (folder !== top && folder !== dirname(folder)) await syncFolders(top, dirname(folder), log);
}
