import { randomUUID } from 'node:crypto';
import { chmod, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import { hasCode } from './errors.ts';
import { type PinnedFolder, pinFolder } from './pinned-folder.ts';

/**
 * Removes a folder and everything below it, also folders whose mode closes them to us. Follows no link, whatever others put in the
 * place of a folder meanwhile. One that is absent is removed already; anything else than a folder is removed itself. Throws the
 * system's error.
 */
export async function removeFolder(path: string): Promise<void> {
  try {
    await using folder = await pinFolder(path);
    await emptyFolder(folder);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    if (!hasCode(error, 'ENOTDIR')) throw error;
    await unlink(path);
    return;
  }
  await rmdir(path);
}

/**
 * Removes everything in a folder as `removeFolder` does. Each folder below it is moved up before its turn comes, so that neither
 * a deep tree nor a long path needs more than two open folders. Names are bytes: one that is not UTF-8 could not be found again
 * by its decoded form.
 */
export async function emptyFolder({ path: top }: PinnedFolder): Promise<void> {
  await chmod(top, 0o700);
  const names = await removeFiles(top);
  for (let name = names.pop(); name !== undefined; name = names.pop()) {
    const path = below(top, name);
    await using folder = await pinFolder(path);
    for (const inner of await removeFiles(folder.path)) {
      const moved = Buffer.from(randomUUID());
      await rename(below(folder.path, inner), below(top, moved));
      names.push(moved);
    }
    await rmdir(path);
  }
}

/** Removes what is no folder, and opens the folders to us; gives their names. */
async function removeFiles(folder: string): Promise<Buffer[]> {
  const names: Buffer[] = [];
  for (const entry of await readdir(folder, { encoding: 'buffer', withFileTypes: true })) {
    const path = below(folder, entry.name);
    if (entry.isDirectory()) {
      await using inner = await pinFolder(path);
      await chmod(inner.path, 0o700);
      names.push(entry.name);
    } else {
      await unlink(path);
    }
  }
  return names;
}

function below(folder: string, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), name]);
}
