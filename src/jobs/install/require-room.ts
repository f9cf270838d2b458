import { lstat, readdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import { freeBytes } from '../../free-bytes.ts';
import { formatBytes } from '../../units.ts';
import { type Action, isKept } from './actions.ts';

/** What moving to another file system takes there. */
interface Need {
  readonly folder: string;
  readonly bytes: number;
}

/**
 * Makes sure that there is room for what is moved to another file system: it is copied there, and what was in its place has been moved by
 * then at best to the same. Returns what is copied, a line each. Throws a TwinDbError that says how much is missing.
 */
export async function requireRoom(actions: readonly Action[], signal: AbortSignal): Promise<string[]> {
  const needs = new Map<number, Need>();
  const copied: string[] = [];
  for (const action of actions) {
    if (action.do !== 'move' && action.do !== 'move-into') continue;
    const paths = await pathsOf(action);
    const target = await nearest(action.do === 'move' ? dirname(action.to) : action.to);
    const device = (await stat(target)).dev;
    let bytes = 0;
    for (const path of paths) bytes += await bytesOf(path, device, signal);
    if (bytes === 0) continue;
    copied.push(
      `${quoteLocation(action.from)} is on another file system than ${quoteLocation(action.to)}: its ${formatBytes(bytes)} are copied and compared`,
    );
    needs.set(device, { folder: target, bytes: bytes + (needs.get(device)?.bytes ?? 0) });
  }
  for (const { folder, bytes } of needs.values()) {
    const free = freeBytes(await statfs(folder));
    if (free >= bytes) continue;
    throw new TwinDbError(
      `not enough space on the file system of ${quoteLocation(folder)}: ${formatBytes(bytes)} are to be moved there, ${formatBytes(free)} are free`,
      {
        remedy:
          'Make room there. What cannot be moved as the data directory is a mount point, move elsewhere yourself, and restore into the empty directory with --dst.',
      },
    );
  }
  return copied;
}

async function pathsOf(action: Extract<Action, { do: 'move' | 'move-into' }>): Promise<string[]> {
  if (action.do === 'move') return [action.from];
  const { from, names, prefix = '' } = action;
  const found =
    names ?? (await readdir(from).catch(() => [])).filter((name) => name.startsWith(prefix) && isKept(name));
  return found.map((name) => join(from, name));
}

/** Bytes on the disk of what is not on that device; of what is not there yet nothing. */
async function bytesOf(path: string, device: number, signal: AbortSignal): Promise<number> {
  signal.throwIfAborted();
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined || stats.dev === device) return 0;
  let bytes = stats.blocks * 512;
  if (stats.isDirectory())
    for (const name of await readdir(path)) bytes += await bytesOf(join(path, name), device, signal);
  return bytes;
}

async function nearest(folder: string): Promise<string> {
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  );
  return isThere || folder === '/' ? folder : await nearest(dirname(folder));
}
