import type { FileEntry, Stats } from 'ssh2';
import { folderOfPrefix } from '../check-key.ts';
import type { ObjectInfo } from '../destination.ts';
import type { ListingGuard } from '../listing-guard.ts';
import { statPath } from './files.ts';
import { readFolder } from './folder.ts';
import type { SftpSession } from './session.ts';

/**
 * The objects below `root` whose key starts with `prefix`, folder by folder. Links to folders are not followed. Throws the
 * StorageError of `guard` when the server comes to no end.
 */
export async function* listObjects(
  session: SftpSession,
  root: string,
  prefix: string,
  guard: ListingGuard,
): AsyncGenerator<ObjectInfo> {
  const start = folderOfPrefix(prefix);
  if (start === undefined) return;
  const folders = [start];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for await (const entry of readFolder(session, folder === '' ? root : `${root}/${folder}`, guard)) {
      const key = folder === '' ? entry.filename : `${folder}/${entry.filename}`;
      const stats = attributesOf(entry);
      if (stats.isDirectory() || (folder === '' && (await isOwnLink(session, `${root}/${key}`, stats)))) {
        const mayHold = `${key}/`.startsWith(prefix) || prefix.startsWith(`${key}/`);
        if (mayHold) folders.push(key);
      } else if (key.startsWith(prefix) && folder !== '') {
        const found = stats.isSymbolicLink() ? await statPath(session, `${root}/${key}`) : stats;
        if (found?.isFile()) yield objectInfo(key, found);
      }
    }
  }
}

/**
 * Whether this is a link to the folder of a host that was moved to another disk. Made by root or by the account, which its home
 * tells: whoever else can make one could show the folders of others as copies.
 */
async function isOwnLink(session: SftpSession, path: string, link: Stats): Promise<boolean> {
  if (!link.isSymbolicLink() || !(await statPath(session, path))?.isDirectory()) return false;
  return link.uid === 0 || link.uid === (await statPath(session, '.'))?.uid;
}

/** A server may leave out any attribute. */
export function objectInfo(key: string, { size = 0, mtime = 0 }: Partial<Stats>): ObjectInfo {
  return { key, size, modified: new Date(mtime * 1000) };
}

/** ssh2 gives each entry the methods of Stats, which its types don't say. */
function attributesOf(entry: FileEntry): Stats {
  return entry.attrs as Stats;
}
