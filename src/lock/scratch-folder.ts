import { readlinkSync } from 'node:fs';
import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TwinDbError } from '../errors.ts';
import { isOwnerAlive, newPartialName } from './owner.ts';

const NAME = /^(\d+-\d+-[0-9a-f]+)-(\d+)$/;

/** A private temporary folder; disposing removes it. */
export interface ScratchFolder {
  readonly path: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Makes a private folder in TMPDIR, named by its purpose and by this process. First removes those of the same purpose that
 * killed runs of this user have left: one of `verify` may hold a whole data directory. Throws a TwinDbError.
 */
export async function makeScratchFolder(purpose: string): Promise<ScratchFolder> {
  const prefix = `twindb-${purpose}-`;
  const path = join(tmpdir(), nameScratch(prefix));
  const remove = () => rm(path, { recursive: true, force: true });
  try {
    for (const abandoned of await findAbandoned(tmpdir(), prefix))
      await rm(abandoned, { recursive: true, force: true });
    await mkdir(path, { mode: 0o700 });
  } catch (cause) {
    throw new TwinDbError(`Cannot make a temporary folder in ${tmpdir()}`, {
      cause,
      remedy: 'Let TMPDIR name a folder on a file system with room, in which this user may write.',
    });
  }
  return { path, [Symbol.asyncDispose]: remove };
}

/** `prefix`, then who makes it: a `newPartialName`, and the namespace in which its process can be seen. */
export function nameScratch(prefix: string): string {
  return `${prefix}${newPartialName()}-${pidNamespace()}`;
}

/** The number of the namespace of this process's PID; 0 where there is no /proc. Source: namespaces(7). */
function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}

/**
 * The folders of this user in `parent` with a name of `nameScratch` whose process has gone. A container that shares
 * `parent` has PIDs of its own: whether its processes live cannot be seen from here, so theirs are left to it.
 */
export async function findAbandoned(parent: string, prefix: string): Promise<string[]> {
  const abandoned: string[] = [];
  const namespace = pidNamespace();
  for (const name of await namesIn(parent)) {
    const [, owner, where] = (name.startsWith(prefix) && NAME.exec(name.slice(prefix.length))) || [];
    if (owner === undefined || where !== namespace || isOwnerAlive(owner)) continue;
    const path = join(parent, name);
    if (await isOurs(path)) abandoned.push(path);
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

/** In a folder that all may write to, others may put anything under such a name. */
async function isOurs(path: string): Promise<boolean> {
  try {
    const stats = await lstat(path);
    return stats.isDirectory() && stats.uid === process.getuid?.();
  } catch (error) {
    // Another run of ours was faster.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
