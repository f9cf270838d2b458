import { randomUUID } from 'node:crypto';
import { access, chmod, constants, mkdir, open, readdir, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describeError, hasCode, TwinDbError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { makeFolder } from '../../make-folder.ts';
import { type PinnedFolder, pinFolder } from '../../pinned-folder.ts';
import { emptyFolder } from '../../remove-folder.ts';

/** Is in a folder while something is restored into it: that restore's alone. */
const CLAIM = '.twindb-restore';

/** A folder that one restore has to itself. Both are held open, so that nothing planted in their places leads us elsewhere. */
export interface ClaimedFolder {
  /** As the operator named it, for messages. */
  readonly name: string;
  readonly target: PinnedFolder;
  /** In `target`, for what is not complete yet: only this user may enter it. */
  readonly work: PinnedFolder;
}

/** How to make a folder that is absent. */
interface Making {
  /** Its mode; by default as the umask says. */
  readonly mode?: number;
}

/**
 * Claims a folder, which must be empty or absent, and gives it to `restore`; releases it afterwards. When `restore` throws, what
 * is in `work` is removed, and the TwinDbError thrown then says both when that cannot be done. Throws a TwinDbError that says
 * what the folder is instead, and has then left alone what is in it.
 */
export async function restoreInto<T>(
  path: string,
  making: Making,
  log: Log,
  restore: (folder: ClaimedFolder) => Promise<T>,
): Promise<T> {
  await using target = await openTarget(path, making);
  await using work = await claim(path, target);
  let result: T;
  try {
    result = await restore({ name: path, target, work });
  } catch (error) {
    await leaveEmpty(join(path, CLAIM), work, error);
    await release(target).catch((cause: unknown) => leftBehind(path, error, cause));
    throw error;
  }
  try {
    await emptyFolder(work);
    await release(target);
  } catch (error) {
    // The copy of a folder that nobody may write to may have made this one such, too.
    log.warn(`The empty folder ${join(path, CLAIM)} could not be removed: ${describeError(error)}`);
  }
  return result;
}

async function openTarget(path: string, { mode }: Making): Promise<PinnedFolder> {
  try {
    await makeFolder(dirname(path));
    await makeFolder(path, mode);
    // The operator may well name a link.
    return await pinFolder(path, { followLink: true });
  } catch (cause) {
    throw cannotRestore(path, cause);
  }
}

async function claim(path: string, target: PinnedFolder): Promise<PinnedFolder> {
  const claimed = `${target.path}/${CLAIM}`;
  let entries: string[];
  try {
    entries = await readdir(target.path);
    await access(target.path, constants.W_OK | constants.X_OK);
    if (entries.length === 0 && (await makeClaim(claimed))) {
      entries = (await readdir(target.path)).filter((name) => name !== CLAIM);
      if (entries.length === 0) return await openClaim(path, claimed);
      // Another restore has ended between the two looks.
      await rmdir(claimed);
    }
  } catch (cause) {
    throw cause instanceof TwinDbError ? cause : cannotRestore(path, cause);
  }
  if (entries.length === 0 || entries.includes(CLAIM)) {
    throw new TwinDbError(`Cannot restore into ${path}: another restore is at work there, or was killed`, {
      remedy:
        'Name another folder with --dst, or empty this one when you are sure that no restore is running.',
    });
  }
  throw new TwinDbError(`Cannot restore into ${path}: it is not empty`, {
    remedy: 'Name an empty or new folder with --dst.',
  });
}

function cannotRestore(path: string, cause: unknown): TwinDbError {
  return new TwinDbError(`Cannot restore into ${path}`, {
    cause,
    remedy: 'Name a new folder with --dst, in a place where you may write.',
  });
}

/** Whether it was ours to make. */
async function makeClaim(claimed: string): Promise<boolean> {
  try {
    await mkdir(claimed, { mode: 0o700 });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Whoever may write to the target may have put another folder in the place of the one that was made. */
async function openClaim(path: string, claimed: string): Promise<PinnedFolder> {
  const work = await pinFolder(claimed);
  try {
    // From here on nobody else may enter. A file system without modes, such as FAT, has nobody else.
    await chmod(work.path, 0o700).catch(() => undefined);
    if ((await isOurs(work)) && (await readdir(work.path)).length === 0) return work;
    throw new TwinDbError(
      `Cannot restore into ${path}: somebody else has put a folder in the place of ${join(path, CLAIM)}`,
      { remedy: 'Name a folder with --dst that no other account may write to.' },
    );
  } catch (error) {
    await work[Symbol.asyncDispose]();
    throw error;
  }
}

/** A file server may call root another name, so the owner is compared with that of a file of ours. */
async function isOurs({ path }: PinnedFolder): Promise<boolean> {
  const probe = `${path}/${randomUUID()}`;
  const file = await open(probe, 'wx', 0o600);
  try {
    return (await file.stat()).uid === (await stat(path)).uid;
  } finally {
    await file.close();
    await unlink(probe);
  }
}

async function release(target: PinnedFolder): Promise<void> {
  await rmdir(`${target.path}/${CLAIM}`);
}

/** A restore failed, and what it had restored could not be removed; says both. */
class LeftBehindError extends TwinDbError {}

/**
 * Empties a folder, shown as `name`, of what was restored before `error`. What cannot be removed must not hide that error: the
 * TwinDbError thrown then says both, once only when `error` comes from here itself, of this folder or one in it.
 */
export async function leaveEmpty(name: string, folder: PinnedFolder, error: unknown): Promise<void> {
  await emptyFolder(folder).catch((cause: unknown) => leftBehind(name, error, cause));
}

/** Throws the error that says both. */
export function leftBehind(name: string, error: unknown, cause: unknown): never {
  if (error instanceof LeftBehindError) throw error;
  throw new LeftBehindError(`${describeError(error)}\nWhat was restored could not be removed from ${name}`, {
    cause,
    hasLines: true,
  });
}
