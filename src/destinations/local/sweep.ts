import { lstat, open, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbandoned, newPartialName } from '../../lock/owner.ts';
import { deleteFile } from './delete.ts';
import { localError, saysAbsent } from './errors.ts';
import { removeIfEmpty } from './folders.ts';

/** The half-written files in `folder` that their owners have abandoned. Throws a StorageError. */
export async function findAbandoned(folder: string, root: string): Promise<string[]> {
  const found: string[] = [];
  let now: Promise<number> | undefined;
  for (const name of await listPartials(folder, root)) {
    const path = join(folder, name);
    const isLeft = await isAbandoned(
      name,
      async () => await idleTime(path, root, await (now ??= timeOf(folder))),
    );
    if (isLeft) found.push(path);
  }
  return found;
}

/** Removes them; a line for each. Throws a StorageError. */
export async function sweepFolder(folder: string, root: string): Promise<string[]> {
  const removed: string[] = [];
  for (const path of await findAbandoned(folder, root)) {
    await deleteFile(path, root);
    removed.push(`${path}, left half-written by a run that has ended`);
  }
  await removeIfEmpty(folder).catch((error: unknown) => {
    throw localError('remove', folder, root, error);
  });
  return removed;
}

/** Names of the half-written files in a folder. */
async function listPartials(folder: string, root: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (saysAbsent(error)) return [];
    throw localError('list', folder, root, error);
  }
}

/** For how many milliseconds nothing was written to a file. One that has just been renamed or removed is not idle. */
async function idleTime(path: string, root: string, now: number): Promise<number> {
  try {
    return now - (await lstat(path)).mtimeMs;
  } catch (error) {
    if (saysAbsent(error)) return 0;
    throw localError('look at', path, root, error);
  }
}

/** What time it is where the folder is: a file server has a clock of its own. */
async function timeOf(folder: string): Promise<number> {
  const probe = join(folder, newPartialName());
  try {
    const file = await open(probe, 'wx', 0o600);
    try {
      return (await file.stat()).mtimeMs;
    } finally {
      await file.close();
      await unlink(probe);
    }
  } catch {
    // Full or read-only, say: the sweep may be what makes room.
    return Date.now();
  }
}
