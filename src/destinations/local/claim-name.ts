import { link, lstat, open, rename, stat, unlink } from 'node:fs/promises';
import { hasCode } from '../../errors.ts';
import { saysAbsent } from './errors.ts';

/** What a file system says that has no links, or none between two folders, and a security module that forbids them. */
const NO_LINKS = ['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'EXDEV', 'EINVAL'] as const;

/** What lies under a name, as exactly as the file system tells; undefined when nothing does. */
export async function identify(path: string): Promise<string | undefined> {
  return await unlessAbsent(async () => {
    const { dev, ino } = await lstat(path, { bigint: true });
    return `${dev}:${ino}`;
  });
}

/** What a reader of this file goes by to tell it from the one that replaces it; undefined when there is none. */
export async function versionOf(path: string): Promise<string | undefined> {
  return await unlessAbsent(async () => describeVersion(await stat(path, { bigint: true })));
}

/** Without the device: an open file and its name need not show the same one, on overlays. */
export function describeVersion({
  ino,
  mtimeNs,
  size,
}: Readonly<Record<'ino' | 'mtimeNs' | 'size', bigint>>): string {
  return `${ino}:${mtimeNs}:${size}`;
}

async function unlessAbsent<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (saysAbsent(error)) return undefined;
    throw error;
  }
}

/**
 * Gives a complete file a name that nothing has, in one step; false when something has it. Where there are no links, an empty
 * file holds the name for the moment until the complete one replaces it.
 */
export async function claimName(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
  } catch (error) {
    if (hasCode(error, ...NO_LINKS)) return await claimByPlaceholder(from, to);
    if (!hasCode(error, 'EEXIST')) throw error;
    // A file server may refuse the second try of a request whose first one it carried out.
    if ((await identify(from)) !== (await identify(to))) return false;
  }
  await unlink(from);
  return true;
}

async function claimByPlaceholder(from: string, to: string): Promise<boolean> {
  try {
    const placeholder = await open(to, 'wx', 0o600);
    await placeholder.close();
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
  try {
    await rename(from, to);
  } catch (error) {
    await unlink(to);
    throw error;
  }
  return true;
}
