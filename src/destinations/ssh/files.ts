import { posix } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Stats } from 'ssh2';
import { StorageError } from '../../errors.ts';
import { FAILURE, NO_SUCH_FILE, type SftpSession, statusOf } from './session.ts';

/** What helps against a folder that cannot be used. */
export const FOLDER_REMEDY = 'Correct [ssh] backup_dir, or let ssh_user write there.';

/** Nobody but the backup user needs to see the copies. */
const FOLDER_MODE = 0o700;

/** The promise's value, or undefined when the server says that there is no such file. */
export async function unlessAbsent<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (statusOf(error) === NO_SUCH_FILE) return undefined;
    throw error;
  }
}

/** Waits until the disk has what was written through a handle. Servers without OpenSSH's extension do not. */
export async function syncHandle(session: SftpSession, handle: Buffer): Promise<void> {
  await session.callExtension((sftp, answer) => sftp.ext_openssh_fsync(handle, answer), 'slow');
}

/**
 * Makes the names in a folder durable: without it a rename may be lost with the power. Best effort, as only OpenSSH opens a
 * folder like a file, and not every file system syncs it. Throws only when the connection is lost.
 */
export async function syncFolder(session: SftpSession, path: string): Promise<void> {
  try {
    const handle = await session.call<Buffer>((sftp, answer) => sftp.open(path, 'r', answer));
    try {
      await syncHandle(session, handle);
    } finally {
      await session.call((sftp, answer) => sftp.close(handle, answer));
    }
  } catch (error) {
    if (statusOf(error) === undefined) throw error;
  }
}

/** What is there, following symbolic links; undefined when nothing is. */
export function statPath(session: SftpSession, path: string): Promise<Stats | undefined> {
  return unlessAbsent(session.call<Stats>((sftp, answer) => sftp.stat(path, answer)));
}

/** SFTP knows no inodes: another writer's file is told apart by these two. */
export function describeStats({ size, mtime }: Stats): string {
  return `${size}:${mtime}`;
}

/**
 * Renames a file to a name that nothing has; false when something has it. SFTP has no code for that, so it is looked for: before as well, since some
 * servers replace what is there.
 */
export async function claimName(session: SftpSession, from: string, to: string): Promise<boolean> {
  if ((await statPath(session, to)) !== undefined) return false;
  try {
    await session.call((sftp, answer) => sftp.rename(from, to, answer), 'slow');
    return true;
  } catch (error) {
    if (statusOf(error) === undefined || (await statPath(session, to)) === undefined) throw error;
    return false;
  }
}

export function removeFile(session: SftpSession, path: string): Promise<void> {
  // Of a file of terabytes it takes its time.
  return session.call((sftp, answer) => sftp.unlink(path, answer), 'slow');
}

/** Makes a folder and what is missing above it; somebody else may be doing the same. */
async function makeFolders(session: SftpSession, path: string): Promise<void> {
  if ((await statPath(session, path))?.isDirectory()) return;
  const parent = posix.dirname(path);
  if (parent !== path) await makeFolders(session, parent);
  try {
    await session.call((sftp, answer) => sftp.mkdir(path, { mode: FOLDER_MODE }, answer));
    await syncFolder(session, parent);
  } catch (cause) {
    // SFTP has no code for "exists already".
    const inTheWay = await statPath(session, path);
    if (inTheWay?.isDirectory()) return;
    throw inTheWay
      ? notAFolder(path, cause)
      : folderError(path, await explainFailure(session, cause, parent));
  }
}

function folderError(path: string, cause: unknown): Error {
  return new StorageError(`cannot make the folder ${path}`, { cause, remedy: FOLDER_REMEDY });
}

function notAFolder(path: string, cause: unknown): Error {
  return new StorageError(`cannot make the folder ${path}: there is a file of that name`, {
    cause,
    isExplained: true,
    remedy: FOLDER_REMEDY,
  });
}

/** Does something inside a folder that is nearly always there, and makes the folder only when it is not. */
export async function insideFolder<T>(
  session: SftpSession,
  folder: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (statusOf(error) !== NO_SUCH_FILE) throw error;
    await makeFolders(session, folder);
    return await work();
  }
}

/**
 * Renames a file onto another, which may exist. `aside` is a name, in a folder that is there, for the old one on
 * servers that cannot replace it in one step: on those nothing is under the name for a moment.
 */
export async function replaceFile(
  session: SftpSession,
  from: string,
  to: string,
  aside: string,
): Promise<void> {
  const renamed = await session.callExtension(
    (sftp, answer) => sftp.ext_openssh_rename(from, to, answer),
    'slow',
  );
  if (renamed === undefined) await replaceInSteps(session, from, to, aside);
}

/** How often two writers of one file may get in each other's way before that is an error. */
const ATTEMPTS = 20;

/** Milliseconds by which they get out of each other's way, at random, longer with each attempt. */
const STEP_ASIDE_MS = 20;

async function replaceInSteps(session: SftpSession, from: string, to: string, aside: string): Promise<void> {
  const rename = (oldPath: string, newPath: string): Promise<void> =>
    session.call((sftp, answer) => sftp.rename(oldPath, newPath, answer), 'slow');
  for (let attempt = 1; ; attempt++) {
    if (attempt > 1) await stepAside(attempt - 1);
    try {
      return await rename(from, to);
    } catch (error) {
      // Refused because a file of that name exists, which SFTP has no code for: otherwise there is nothing to move aside.
      if (statusOf(error) !== FAILURE || attempt === ATTEMPTS) throw error;
    }
    // Absent: another writer has just moved it aside.
    if ((await statPath(session, to)) === undefined) continue;
    const moved = await unlessAbsent(rename(to, aside).then(() => true));
    if (!moved) continue;
    try {
      await rename(from, to);
    } catch (error) {
      await putBack(session, aside, to);
      if (attempt === ATTEMPTS) throw error;
      continue;
    }
    await unlessAbsent(removeFile(session, aside));
    return;
  }
}

/** The old file goes back, unless another writer has put a new one there meanwhile. */
async function putBack(session: SftpSession, aside: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await session.call((sftp, answer) => sftp.rename(aside, to, answer), 'slow');
    } catch (error) {
      if ((await statPath(session, to)) !== undefined) return await removeFile(session, aside);
      // It was there, and another writer has moved it aside since.
      if (attempt === ATTEMPTS) throw error;
    }
    await stepAside(attempt);
  }
}

function stepAside(attempt: number): Promise<void> {
  return delay(Math.random() * STEP_ASIDE_MS * attempt);
}

interface FileSystemInfo {
  readonly f_bavail: number;
  readonly f_frsize: number;
  /** 0 where files are not counted, as with Btrfs. */
  readonly f_files: number;
  readonly f_favail: number;
}

/** A file system with less than this is full: one request's worth of bytes. */
const FULL_BELOW = 256 * 1024;

/** SFTP calls a full disk just "Failure": asks, where the server can tell, how much room is left at `path`. */
export async function explainFailure(session: SftpSession, cause: unknown, path: string): Promise<unknown> {
  if (statusOf(cause) !== FAILURE) return cause;
  const info = await session
    .callExtension<FileSystemInfo>((sftp, answer) => sftp.ext_openssh_statvfs(path, answer))
    .catch(() => undefined); // the first error is the one to report
  if (info === undefined || info === true) {
    return new StorageError('the server does not say why; its disk may be full', {
      cause,
      isExplained: true,
    });
  }
  const { f_bavail, f_frsize, f_files, f_favail } = info;
  const isFull = f_bavail * f_frsize < FULL_BELOW || (f_favail === 0 && f_files > 0);
  if (!isFull) return cause;
  return new StorageError('no space left on the server', {
    cause,
    isExplained: true,
    remedy: 'Free space there, or keep fewer copies.',
  });
}
