import { createHash } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../errors.ts';

/**
 * Whether a copy has all that `from` has: names, kinds, owners, modes and every byte. What the copy has besides is not looked at. Returns what
 * differs first; undefined: nothing. Throws the system's error, and the reason of the signal.
 */
export async function findDifference(
  from: string,
  copy: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  signal.throwIfAborted();
  const one = await lstat(from);
  const other = await lstat(copy).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (other === undefined) return `${copy} is missing`;
  if (kindOf(one) !== kindOf(other)) return `${copy} is something else than ${from}`;
  if (one.uid !== other.uid || one.gid !== other.gid) return `${copy} belongs to another account`;
  if (one.isSymbolicLink())
    return (await readlink(from)) === (await readlink(copy)) ? undefined : `${copy} leads somewhere else`;
  if (one.mode !== other.mode) return `${copy} has another mode`;
  if (one.isFile()) {
    const equal = one.size === other.size && (await digest(from, signal)) === (await digest(copy, signal));
    return equal ? undefined : `${copy} has other bytes than ${from}`;
  }
  if (!one.isDirectory()) return undefined;
  for (const name of await readdir(from)) {
    const difference = await findDifference(join(from, name), join(copy, name), signal);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/** Of the mode the bits that say what it is. Source: inode(7), S_IFMT. */
function kindOf({ mode }: Stats): number {
  return mode & 0o170000;
}

async function digest(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { signal, highWaterMark: 1 << 20 }))
    hash.update(chunk as Buffer);
  return hash.digest('hex');
}
