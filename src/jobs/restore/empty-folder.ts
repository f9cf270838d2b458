import { access, chmod, constants, readdir, rmdir, statfs, unlink } from 'node:fs/promises';
import { describeError, TwinDbError } from '../../errors.ts';
import { makeFolder } from '../../make-folder.ts';
import { formatBytes } from '../../units.ts';

/** Makes sure that a folder exists, is empty and can be written to. Throws a TwinDbError that says what it is instead. */
export async function requireEmptyFolder(path: string): Promise<void> {
  try {
    await makeFolder(path);
    const entries = await readdir(path);
    await access(path, constants.W_OK | constants.X_OK);
    if (entries.length === 0) return;
  } catch (cause) {
    throw new TwinDbError(`Cannot restore into ${path}`, {
      cause,
      remedy: 'Name a new folder with --dst, in a place where you may write.',
    });
  }
  throw new TwinDbError(`Cannot restore into ${path}: it is not empty`, {
    remedy: 'Name an empty or new folder with --dst.',
  });
}

/** Bytes that the file system of `path` has left for us. */
export async function freeSpace(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

/** Throws a TwinDbError when the file system of `path` has less than `bytes` left. */
export async function requireSpace(path: string, bytes: number): Promise<void> {
  const available = await freeSpace(path);
  if (available >= bytes) return;
  throw new TwinDbError(
    `not enough space in ${path}: the copy needs ${formatBytes(bytes)}, ${formatBytes(available)} are free`,
    {
      remedy: 'Make room there, or name a folder on another file system with --dst.',
    },
  );
}

/**
 * Empties the folder of a restore that failed with `error`. What cannot be removed must not hide that error: the TwinDbError
 * thrown then says both.
 */
export async function leaveEmpty(path: string, error: unknown): Promise<void> {
  try {
    await emptyFolder(path);
  } catch (cause) {
    throw new TwinDbError(`${describeError(error)}\nWhat was restored could not be removed from ${path}`, {
      cause,
    });
  }
}

/** Removes everything below a folder, also from folders that their restored mode closes to us. */
async function emptyFolder(path: string): Promise<void> {
  await removeContents(Buffer.from(path));
}

/** Names are bytes here: one that is not UTF-8 could not be found again by its decoded form. */
async function removeContents(path: Buffer): Promise<void> {
  for (const entry of await readdir(path, { encoding: 'buffer', withFileTypes: true })) {
    const child = Buffer.concat([path, Buffer.from('/'), entry.name]);
    if (entry.isDirectory()) {
      await chmod(child, 0o700);
      await removeContents(child);
      await rmdir(child);
    } else {
      await unlink(child);
    }
  }
}
