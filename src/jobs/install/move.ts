import { lstat, mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { quoteLocation } from '../../copies/quote-location.ts';
import { hasCode, TwinDbError } from '../../errors.ts';
import { newPartialName } from '../../lock/owner.ts';
import { findAbandoned } from '../../lock/scratch-folder.ts';
import { captureOutput } from '../../process/capture.ts';
import { removeFolder } from '../../remove-folder.ts';
import { syncFolder } from '../../sync-folder.ts';
import { COPYING } from './actions.ts';
import { findDifference } from './compare-trees.ts';

/**
 * Moves a file or folder to a path at which nothing is: in one step within a file system; to another one by a copy, which is compared with the
 * original before that is removed. May be called again after it was interrupted anywhere. Throws a TwinDbError when both are there and differ, or
 * neither is.
 */
export async function move(from: string, to: string, signal: AbortSignal): Promise<void> {
  const [isHere, isThere] = [await exists(from), await exists(to)];
  if (isHere && isThere) return await removeMoved(from, to, signal);
  if (isHere) {
    try {
      await rename(from, to);
    } catch (error) {
      if (!hasCode(error, 'EXDEV')) throw error;
      await copyAcross(from, to, signal);
    }
  } else if (!isThere) {
    throw new TwinDbError(`${quoteLocation(from)} is missing, and so is ${quoteLocation(to)}`);
  }
  for (const folder of new Set([dirname(to), dirname(from)])) await syncFolder(folder);
}

async function copyAcross(from: string, to: string, signal: AbortSignal): Promise<void> {
  await sweepCopies(dirname(to));
  // A folder of ours, as others may write to the one that it is in.
  const partial = join(dirname(to), `${COPYING}${newPartialName()}`);
  const copy = join(partial, 'copy');
  const run = (command: string, ...args: string[]) =>
    captureOutput({ command, args, debianPackage: 'coreutils' }, signal);
  try {
    await mkdir(partial, { mode: 0o700 });
    await run('cp', '-a', '-T', '--', from, copy);
    await run('sync', '-f', copy);
    const difference = await findDifference(from, copy, signal);
    if (difference !== undefined) throw new TwinDbError(`it was not copied correctly: ${difference}`);
    await rename(copy, to);
  } catch (cause) {
    await removeFolder(partial).catch(() => undefined); // the next call removes it
    signal.throwIfAborted();
    throw new TwinDbError(`Cannot copy ${quoteLocation(from)} to ${quoteLocation(dirname(to))}`, { cause });
  }
  await syncFolder(dirname(to));
  await removeFolder(partial);
  await removeFolder(from);
}

/** Removes from a folder what killed runs were copying to it. */
export async function sweepCopies(folder: string): Promise<void> {
  for (const abandoned of await findAbandoned(folder, COPYING)) await removeFolder(abandoned);
}

/** Both are there when a move to another file system was ended while it removed the original. */
async function removeMoved(from: string, to: string, signal: AbortSignal): Promise<void> {
  const difference = (await isOneFileSystem(from, to))
    ? 'they are on one file system'
    : await findDifference(from, to, signal);
  if (difference !== undefined) {
    throw new TwinDbError(
      `Cannot move ${quoteLocation(from)} to ${quoteLocation(to)}: both are there, and ${difference}`,
      { remedy: 'Find out which of the two is needed, and move the other one elsewhere.' },
    );
  }
  await removeFolder(from);
}
async function isOneFileSystem(from: string, to: string): Promise<boolean> {
  return (await lstat(from)).dev === (await lstat(to)).dev;
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}
