import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hasCode, TwinDbError } from '../errors.ts';
import { isAbandoned, newPartialName } from './owner.ts';

/** What a file that is being written is called: its path, a name that nobody can foresee, and this. */
const PARTIAL = '.new';

/** Reads a small text file; undefined when it is absent. Waits for nothing, as it would for a FIFO. Throws the reason otherwise. */
export async function readPlainFile(path: string): Promise<string | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    if (!(await file.stat()).isFile()) throw new TwinDbError('it is no ordinary file');
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/**
 * Replaces a file in one step, or makes it, with `mode` whatever the umask says. Others may be able to write to its folder: what
 * they plant there, such as a link, is neither followed nor opened. Removes what killed runs have left of earlier tries. Throws
 * the system's error, and has then left the file as it was.
 */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  await removeLeftovers(path);
  const partial = `${path}.${newPartialName()}${PARTIAL}`;
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const file = await open(partial, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    try {
      await file.writeFile(text);
      await file.chmod(mode);
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (error) {
    await unlink(partial).catch(() => undefined);
    throw error;
  }
}

async function removeLeftovers(path: string): Promise<void> {
  const prefix = `${basename(path)}.`;
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(prefix) || !name.endsWith(PARTIAL)) continue;
    const left = join(dirname(path), name);
    const owner = name.slice(prefix.length, -PARTIAL.length);
    try {
      const idle = async () => Date.now() - (await lstat(left)).mtimeMs;
      // Of a name that says nothing nobody knows whose it is.
      if (await isAbandoned(owner, idle, Number.POSITIVE_INFINITY)) await unlink(left);
    } catch {
      // Another run was faster, or it is a folder: nothing of ours.
    }
  }
}
