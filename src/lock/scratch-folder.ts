import type { Stats } from 'node:fs';
import { lstat, mkdir, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasCode, TwinDbError } from '../errors.ts';
import { removeFolder } from '../remove-folder.ts';
import { isAbandoned, newPartialName } from './owner.ts';

/** A private temporary folder; disposing removes it. */
export interface ScratchFolder {
  readonly path: string;
  [Symbol.asyncDispose](): Promise<void>;
}

interface Making {
  /** Where to make it; by default in TMPDIR. */
  readonly parent?: string;
  /** Ends what a killed run has left at work in a folder, before that is removed. */
  readonly endUsers?: (abandoned: string) => Promise<void>;
}

/**
 * Makes a private folder in TMPDIR, named by its purpose and by this process. First removes those of the same purpose that
 * killed runs of this user have left: one of `verify` may hold a whole data directory. Throws a TwinDbError.
 */
export async function makeScratchFolder(
  purpose: string,
  { parent = tmpdir(), endUsers }: Making = {},
): Promise<ScratchFolder> {
  const prefix = `twindb-${purpose}-`;
  const path = join(parent, `${prefix}${newPartialName()}`);
  const remove = () => removeFolder(path);
  try {
    for (const abandoned of await findAbandoned(parent, prefix)) {
      await endUsers?.(abandoned);
      await removeFolder(abandoned);
    }
    await mkdir(path, { mode: 0o700 });
  } catch (cause) {
    throw new TwinDbError(`Cannot make a temporary folder in ${parent}`, {
      cause,
      remedy: 'Let TMPDIR name a folder on a file system with room, in which this user may write.',
    });
  }
  return { path, [Symbol.asyncDispose]: remove };
}

/**
 * The folders of this user in `parent` whose name is `prefix` and a `newPartialName` of a process that is dead. Another
 * machine's, or another container's, are left to it for good: what is in use may not be written to for days.
 */
export async function findAbandoned(parent: string, prefix: string): Promise<string[]> {
  const abandoned: string[] = [];
  for (const name of await namesIn(parent)) {
    if (!name.startsWith(prefix)) continue;
    const path = join(parent, name);
    const folder = await statOurs(path);
    if (folder === undefined) continue;
    const idle = (): number => Date.now() - folder.mtimeMs;
    if (await isAbandoned(name.slice(prefix.length), idle, Number.POSITIVE_INFINITY)) abandoned.push(path);
  }
  return abandoned;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    // A folder that is absent or closed to us holds nothing of ours.
    return [];
  }
}

/** In a folder that all may write to, others may put anything under such a name: undefined unless it is this user's folder. */
async function statOurs(path: string): Promise<Stats | undefined> {
  try {
    const stats = await lstat(path);
    return stats.isDirectory() && stats.uid === process.getuid?.() ? stats : undefined;
  } catch (error) {
    // Another run of ours was faster.
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
