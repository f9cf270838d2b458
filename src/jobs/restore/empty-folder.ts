import { access, chmod, constants, mkdir, readdir, rmdir, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, TwinDbError } from '../../errors.ts';
import { makeFolder } from '../../make-folder.ts';
import { formatBytes } from '../../units.ts';

/** Stands in a folder while something is restored into it: that restore's alone. */
const CLAIM = '.twindb-restore';

/**
 * Makes sure that a folder exists, is empty and can be written to, and claims it: of two restores into one folder only the
 * first one may touch it. Returns the path of a folder in it for what is not whole yet; removing that one ends the claim.
 * Throws a TwinDbError that says what the folder is instead, and has then left alone what is in it.
 */
export async function claimEmptyFolder(path: string): Promise<string> {
  const claim = join(path, CLAIM);
  let entries: string[];
  try {
    await makeFolder(path);
    entries = await readdir(path);
    await access(path, constants.W_OK | constants.X_OK);
    if (entries.length === 0 && (await makeClaim(claim))) {
      entries = (await readdir(path)).filter((name) => name !== CLAIM);
      if (entries.length === 0) return claim;
      // Another restore has ended between the two looks.
      await rmdir(claim);
    }
  } catch (cause) {
    throw new TwinDbError(`Cannot restore into ${path}`, {
      cause,
      remedy: 'Name a new folder with --dst, in a place where you may write.',
    });
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

/** Whether it was ours to make. */
async function makeClaim(claim: string): Promise<boolean> {
  try {
    await mkdir(claim, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * ext2 to ext4, XFS and tmpfs, as statfs(2) numbers them: they take what they get as it is. Of others nobody knows: btrfs and
 * ZFS may compress, and behind a network's there may be any.
 */
const UNCOMPRESSED_FILE_SYSTEMS = [0xef53, 0x58465342, 0x01021994];

/** The file system of a folder. */
interface Space {
  readonly path: string;
  /** Bytes that it has left for us. */
  readonly free: number;
  readonly mayCompress: boolean;
}

export async function measureSpace(path: string): Promise<Space> {
  const { bavail, bsize, type } = await statfs(path);
  return { path, free: bavail * bsize, mayCompress: !UNCOMPRESSED_FILE_SYSTEMS.includes(type) };
}

/** The least that a copy takes there when it is unpacked, in bytes; `unpacked` is what its status says of that. */
export function leastSize(
  { mayCompress }: Pick<Space, 'mayCompress'>,
  { packed, unpacked = 0 }: { readonly packed: number; readonly unpacked: number | undefined },
): number {
  // What has been compressed once hardly gets smaller.
  return mayCompress ? packed : Math.max(packed, unpacked);
}

/** Throws a TwinDbError when there are less than `bytes` left. */
export function requireSpace({ path, free }: Space, bytes: number): void {
  if (free >= bytes) return;
  throw new TwinDbError(
    `not enough space in ${path}: the copy needs ${formatBytes(bytes)}, ${formatBytes(free)} are free`,
    {
      remedy: 'Make room there, or name a folder on another file system with --dst.',
    },
  );
}

/** A restore failed, and what it had restored could not be removed; says both. */
class LeftBehindError extends TwinDbError {}

/**
 * Empties the folder of a restore that failed with `error`. What cannot be removed must not hide that error: the TwinDbError
 * thrown then says both, once only when `error` comes from here itself, of this folder or one in it. `claimed`: the restore goes
 * on, so its claim stays.
 */
export async function leaveEmpty(path: string, error: unknown, claimed?: 'claimed'): Promise<void> {
  try {
    await removeContents(Buffer.from(path), claimed === undefined ? [] : [CLAIM]);
  } catch (cause) {
    if (error instanceof LeftBehindError) throw error;
    throw new LeftBehindError(
      `${describeError(error)}\nWhat was restored could not be removed from ${path}`,
      {
        cause,
        hasLines: true,
      },
    );
  }
}

/**
 * Removes everything below a folder but `kept`, also from folders that their restored mode closes to us. Names are bytes here:
 * one that is not UTF-8 could not be found again by its decoded form.
 */
async function removeContents(path: Buffer, kept: readonly string[] = []): Promise<void> {
  for (const entry of await readdir(path, { encoding: 'buffer', withFileTypes: true })) {
    if (kept.includes(entry.name.toString())) continue;
    const child = Buffer.concat([path, Buffer.from('/'), entry.name]);
    if (entry.isDirectory()) {
      await chmod(child, 0o700);
      await removeContents(child);
      await rmdir(child);
    } else {
      await unlink(child);
    }
  }
}
