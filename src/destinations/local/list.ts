import type { Dirent } from 'node:fs';
import { lstat, opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../errors.ts';
import { folderOfPrefix, PARTIAL_FOLDER } from '../check-key.ts';
import type { ObjectInfo, OnClosed } from '../destination.ts';
import { guardListing, type PageCheck } from '../listing-guard.ts';
import { withinLimit } from '../within-limit.ts';
import { localError, saysAbsent, saysClosed } from './errors.ts';

/** Entries of a folder that are held in memory at once. */
const ENTRIES_AT_ONCE = 256;

/** `onClosed` is for a folder that may not be entered; without it that is an error. */
async function* readEntries(path: string, root: string, onClosed?: () => void): AsyncGenerator<Dirent> {
  try {
    // Iterating also closes the folder, however it ends.
    yield* await opendir(path, { bufferSize: ENTRIES_AT_ONCE });
  } catch (error) {
    if (onClosed && saysClosed(error)) {
      onClosed();
      return;
    }
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
async function isOwnLink(path: string, entry: Dirent, onClosed: () => void): Promise<boolean> {
  if (!entry.isSymbolicLink()) return false;
  try {
    const { uid } = await lstat(path);
    return [0, process.geteuid?.()].includes(uid) && (await stat(path)).isDirectory();
  } catch (error) {
    if (saysClosed(error)) onClosed();
    // It leads nowhere, in a circle, or where this account may not go.
    if (saysAbsent(error) || saysClosed(error) || hasCode(error, 'ELOOP', 'ENAMETOOLONG')) return false;
    throw localError('look at', path, path, error);
  }
}

/** What a listing looks for. */
interface Wanted {
  readonly prefix: string;
  readonly onClosed: OnClosed | undefined;
}

/** The folder `folder` with what is below it. `isTop`: it is the one that was asked for, which must be open. */
async function* walk(
  root: string,
  folder: string,
  { prefix, onClosed }: Wanted,
  count: PageCheck,
  isTop = false,
): AsyncGenerator<ObjectInfo> {
  const onClosedHere = isTop || !onClosed ? undefined : () => onClosed(folder);
  for await (const entry of readEntries(join(root, folder), root, onClosedHere)) {
    count(1);
    const key = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.name === PARTIAL_FOLDER) continue;
    const isFolder =
      entry.isDirectory() ||
      (folder === '' && (await isOwnLink(join(root, key), entry, () => onClosed?.(key))));
    if (isFolder) {
      if (`${key}/`.startsWith(prefix)) yield* walk(root, key, { prefix, onClosed }, count);
    } else if (folder !== '' && key.startsWith(prefix)) {
      // Directly in the backup folder there are no objects: a key begins with a host.
      const onRefused = entry.isSymbolicLink() && onClosed ? () => onClosed(key) : onClosedHere;
      const info = await describeIfOpen(root, key, onRefused);
      if (info) yield info;
    }
  }
}

/** `describeFile`; a folder that shows its names may still not let anyone at the files. */
async function describeIfOpen(
  root: string,
  key: string,
  onClosed: (() => void) | undefined,
): Promise<ObjectInfo | undefined> {
  try {
    return await describeFile(root, key);
  } catch (error) {
    if (onClosed === undefined || !saysClosed((error as Error).cause)) throw error;
    onClosed();
    return undefined;
  }
}

/**
 * The files below `root` whose path from there starts with `prefix`. Linked folders are not entered, or one copy
 * would show under two keys; but for the folder of a host, which writing and reading follow too.
 */
export async function* listFiles(root: string, wanted: Wanted, limitMs: number): AsyncGenerator<ObjectInfo> {
  const folder = folderOfPrefix(wanted.prefix);
  if (folder === undefined) return;
  const found = walk(root, folder, wanted, guardListing(join(root, folder)).startPages(), true);
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
