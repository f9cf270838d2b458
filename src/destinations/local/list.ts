import type { Dirent } from 'node:fs';
import { lstat, opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../errors.ts';
import { folderOfPrefix, PARTIAL_FOLDER } from '../check-key.ts';
import type { ObjectInfo } from '../destination.ts';
import { guardListing, type PageCheck } from '../listing-guard.ts';
import { withinLimit } from '../within-limit.ts';
import { localError, saysAbsent } from './errors.ts';

/** Entries of a folder that are held in memory at once. */
const ENTRIES_AT_ONCE = 256;

async function* readEntries(path: string, root: string): AsyncGenerator<Dirent> {
  try {
    // Iterating also closes the folder, however it ends.
    yield* await opendir(path, { bufferSize: ENTRIES_AT_ONCE });
  } catch (error) {
    // A file where the backup folder should be is not the same as no copies yet.
    const isNoFolder = path === join(root) && hasCode(error, 'ENOTDIR');
    if (isNoFolder || !saysAbsent(error)) throw localError('list', path, root, error);
  }
}

/** What is stored at a path, following a link to a file; undefined when it is no file or has just gone. */
export async function describeFile(root: string, key: string): Promise<ObjectInfo | undefined> {
  const path = join(root, key);
  try {
    const stats = await stat(path);
    return stats.isFile() ? { key, size: stats.size, modified: stats.mtime } : undefined;
  } catch (error) {
    if (saysAbsent(error)) return undefined;
    throw localError('look at', path, root, error);
  }
}

/**
 * Whether this is a link to the folder of a host that was moved to another disk. Made by root or by us: whoever else can make
 * one could show the folders of others as copies.
 */
async function isOwnLink(path: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return false;
  try {
    const { uid } = await lstat(path);
    return [0, process.geteuid?.()].includes(uid) && (await stat(path)).isDirectory();
  } catch (error) {
    // It leads nowhere, in a circle, or where this account may not go.
    if (saysAbsent(error) || hasCode(error, 'ELOOP', 'EACCES', 'ENAMETOOLONG')) return false;
    throw localError('look at', path, path, error);
  }
}

async function* walk(
  root: string,
  folder: string,
  prefix: string,
  count: PageCheck,
): AsyncGenerator<ObjectInfo> {
  for await (const entry of readEntries(join(root, folder), root)) {
    count(1);
    const key = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.name === PARTIAL_FOLDER) continue;
    if (entry.isDirectory() || (folder === '' && (await isOwnLink(join(root, entry.name), entry)))) {
      if (`${key}/`.startsWith(prefix)) yield* walk(root, key, prefix, count);
    } else if (folder !== '' && key.startsWith(prefix)) {
      // Directly in the backup folder there are no objects: a key begins with a host.
      const info = await describeFile(root, key);
      if (info) yield info;
    }
  }
}

/**
 * The files below `root` whose path from there starts with `prefix`. Linked folders are not entered, or one copy
 * would show under two keys; but for the folder of a host, which writing and reading follow too.
 */
export async function* listFiles(root: string, prefix: string, limitMs: number): AsyncGenerator<ObjectInfo> {
  const folder = folderOfPrefix(prefix);
  if (folder === undefined) return;
  const found = walk(root, folder, prefix, guardListing(join(root, folder)).startPages());
  try {
    for (;;) {
      const { done, value } = await withinLimit(found.next(), limitMs, `Cannot list ${root}`);
      if (done) return;
      yield value;
    }
  } finally {
    // Closes the folder. Not awaited: it may be what hangs.
    found.return(undefined).catch(() => undefined);
  }
}
