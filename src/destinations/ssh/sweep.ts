import type { Stats } from 'ssh2';
import { isAbandoned, newPartialName } from '../../lock/owner.ts';
import { guardListing } from '../listing-guard.ts';
import { removeFile, unlessAbsent } from './files.ts';
import { readFolder } from './folder.ts';
import type { SftpSession } from './session.ts';

/** The half-written files in `folder` that their owners have abandoned. Throws the server's errors. */
export async function findAbandoned(session: SftpSession, folder: string): Promise<string[]> {
  const found: string[] = [];
  let now: Promise<number> | undefined;
  // Read to its end first: what is removed meanwhile may make a server leave names out.
  const names: string[] = [];
  for await (const { filename } of readFolder(session, folder, guardListing(folder))) names.push(filename);
  for (const filename of names) {
    const path = `${folder}/${filename}`;
    const isLeft = await isAbandoned(filename, async () =>
      idleTime(session, path, await (now ??= timeOf(session, folder))),
    );
    if (isLeft) found.push(path);
  }
  return found;
}

/** Removes them; a line for each. Throws the server's errors. */
export async function sweepFolder(session: SftpSession, folder: string): Promise<string[]> {
  const removed: string[] = [];
  for (const path of await findAbandoned(session, folder)) {
    await unlessAbsent(removeFile(session, path));
    removed.push(`unfinished file ${path}`);
  }
  return removed;
}

/** For how many milliseconds nothing was written to a file. One that has just been renamed or removed is not idle. */
async function idleTime(session: SftpSession, path: string, now: number): Promise<number> {
  const stats = await unlessAbsent(session.call<Stats>((sftp, answer) => sftp.lstat(path, answer)));
  return stats === undefined ? 0 : now - stats.mtime * 1000;
}

/** What time it is on the server. SFTP has no question for that, but a file that was just written has the answer. */
async function timeOf(session: SftpSession, folder: string): Promise<number> {
  const probe = `${folder}/${newPartialName()}`;
  try {
    const handle = await session.call<Buffer>((sftp, answer) =>
      sftp.open(probe, 'wx', { mode: 0o600 }, answer),
    );
    try {
      const { mtime } = await session.call<Stats>((sftp, answer) => sftp.fstat(handle, answer));
      return mtime * 1000;
    } finally {
      await session.call((sftp, answer) => sftp.close(handle, answer));
      await removeFile(session, probe);
    }
  } catch (error) {
    if (!session.isOpen()) throw error;
    // A full disk, say: the sweep may be what makes room.
    return Date.now();
  }
}
