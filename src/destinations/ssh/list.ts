import type { FileEntry, Stats } from 'ssh2';
import { MOST_AT_ONCE, mergeAtOnce } from '../../at-once.ts';
import { folderOfPrefix } from '../check-key.ts';
import type { ObjectInfo, OnClosed } from '../destination.ts';
import type { ListingGuard } from '../listing-guard.ts';
import { statPath } from './files.ts';
import { readPages } from './folder.ts';
import { PERMISSION_DENIED, type SftpSession, statusOf } from './session.ts';

/** What a listing looks for. */
interface Wanted {
  readonly prefix: string;
  /** For a folder below the one asked for that may not be entered; without it that is an error. */
  readonly onClosed: OnClosed | undefined;
}

/**
 * The objects below `root` whose key starts with `prefix`, from several folders at once. Links to folders are not followed. Throws the
 * StorageError of `guard` when the server comes to no end.
 */
export async function* listObjects(
  session: SftpSession,
  root: string,
  { prefix, onClosed }: Wanted,
  guard: ListingGuard,
): AsyncGenerator<ObjectInfo> {
  const start = folderOfPrefix(prefix);
  if (start === undefined) return;
  /** Reports a refusal; throws any other error, and that of the folder that is listed itself. */
  const report = (key: string, error: unknown): undefined => {
    if (key === start || onClosed === undefined || statusOf(error) !== PERMISSION_DENIED) throw error;
    onClosed(key);
  };
  const followLink = (key: string): Promise<Stats | undefined> =>
    statPath(session, `${root}/${key}`).catch((error: unknown) => report(key, error));
  const folders = [start];
  /** The objects in one folder, in the server's portions; the folders in it go to the others. */
  const listFolder = async function* (folder: string): AsyncGenerator<ObjectInfo[], void, void> {
    try {
      for await (const page of readPages(session, folder === '' ? root : `${root}/${folder}`, guard)) {
        yield await objectsIn(folder, page);
      }
    } catch (error) {
      report(folder, error);
    }
  };
  const objectsIn = async (folder: string, page: readonly FileEntry[]): Promise<ObjectInfo[]> => {
    const objects: ObjectInfo[] = [];
    for (const entry of page) {
      const key = folder === '' ? entry.filename : `${folder}/${entry.filename}`;
      const stats = attributesOf(entry);
      const mayCount = folder === '' || key.startsWith(prefix);
      const found = mayCount && stats.isSymbolicLink() ? await followLink(key) : stats;
      const isHostLink = folder === '' && stats.isSymbolicLink() && found?.isDirectory();
      if (stats.isDirectory() || (isHostLink && (await isOwn(session, stats)))) {
        const mayHold = `${key}/`.startsWith(prefix) || prefix.startsWith(`${key}/`);
        if (mayHold) folders.push(key);
      } else if (key.startsWith(prefix) && folder !== '' && found?.isFile())
        objects.push(objectInfo(key, found));
    }
    return objects;
  };
  const next = () => {
    const folder = folders.pop();
    return folder === undefined ? undefined : listFolder(folder);
  };
  for await (const objects of mergeAtOnce(MOST_AT_ONCE, next)) yield* objects;
}

/**
 * Whether a link was made by root or by the account, which its home tells: whoever else can make one could show the folders of others
 * as copies. It may be the folder of a host that was moved to another disk.
 */
async function isOwn(session: SftpSession, link: Stats): Promise<boolean> {
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
