import { access, chmod, constants, mkdir, readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { TwinDbError } from '../errors.ts';

/** Makes sure that a folder exists, is empty and can be written to. Throws a TwinDbError that says what it is instead. */
export async function requireEmptyFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
    await access(path, constants.W_OK | constants.X_OK);
    if ((await readdir(path)).length === 0) return;
  } catch (cause) {
    throw new TwinDbError(`Cannot restore into ${path}`, {
      cause,
      remedy: 'Name a writable folder with --dst',
    });
  }
  throw new TwinDbError(`Cannot restore into ${path}: it is not empty`, {
    remedy: 'Name an empty or new folder with --dst',
  });
}

/** Throws a TwinDbError when the file system of `path` has less than `bytes` left. */
export async function requireSpace(path: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(path);
  const available = bavail * bsize;
  if (available >= bytes) return;
  throw new TwinDbError(
    `Cannot restore into ${path}: the copy needs ${bytes} bytes, its file system has ${available} left`,
    { remedy: 'Make room there, or name a folder on another file system with --dst' },
  );
}

/** Removes everything below a folder, also from folders that their restored mode closes to us. */
export async function emptyFolder(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) {
      await chmod(child, 0o700);
      await emptyFolder(child);
    }
    await rm(child, { recursive: true, force: true });
  }
}
