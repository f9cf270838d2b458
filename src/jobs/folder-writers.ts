import { lstat, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from '../errors.ts';
import { type Accounts, findWriters } from '../writers.ts';

/** Only who owns an entry, or the folder, may rename or remove it. */
const STICKY = 0o1000;

/**
 * Which accounts other than `trusted` may put something into a folder, or exchange it: for each folder from it to the root the
 * reason why, the first one only. One that is absent is going to be ours. Undefined when none may. Throws the system's error.
 */
export async function findFolderWriters(path: string, trusted: Accounts): Promise<string | undefined> {
  const { path: nearest, isWhole } = await findExisting(path);
  let isItself = isWhole;
  for (let current = nearest; ; current = dirname(current)) {
    const stats = await lstat(current);
    // What is in /tmp and belongs to us nobody else can exchange.
    const mode = !isItself && stats.mode & STICKY ? stats.mode & ~0o022 : stats.mode;
    const reason = findWriters({ uid: stats.uid, gid: stats.gid, mode }, trusted);
    if (reason !== undefined) return current === path ? reason : `${current}: ${reason}`;
    if (current === dirname(current)) return undefined;
    isItself = false;
  }
}

/** The folder without links, or the nearest one above it that exists. */
async function findExisting(path: string): Promise<{ path: string; isWhole: boolean }> {
  try {
    return { path: await realpath(path), isWhole: true };
  } catch (error) {
    if (!hasCode(error, 'ENOENT') || path === dirname(path)) throw error;
    return { path: (await findExisting(dirname(path))).path, isWhole: false };
  }
}
