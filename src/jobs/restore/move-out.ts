import { chmod, readdir, rename, stat } from 'node:fs/promises';
import { hasCode, TwinDbError } from '../../errors.ts';
import { pinFolder } from '../../pinned-folder.ts';
import { type ClaimedFolder, leftBehind } from './claim-folder.ts';

/**
 * Moves everything in `from`, a folder in `work`, to the claimed folder, then does what `finish` does. When anything fails, what
 * has been moved is moved back first. Throws a TwinDbError when there is something in the claimed folder already.
 */
export async function moveOut(
  from: string,
  { name, target }: ClaimedFolder,
  finish: () => Promise<void> = async () => undefined,
): Promise<void> {
  const moved: [Buffer, Buffer][] = [];
  // All that is there is the claim.
  if ((await readdir(target.path)).length > 1) {
    throw new TwinDbError(`Cannot restore into ${name}: somebody else has put something there meanwhile`, {
      remedy: 'Name a folder with --dst that no other account may write to.',
    });
  }
  try {
    // Names are bytes here, as they need not be UTF-8.
    for (const entry of await readdir(from, { encoding: 'buffer' })) {
      const [old, fresh] = [from, target.path].map((folder) =>
        Buffer.concat([Buffer.from(`${folder}/`), entry]),
      ) as [Buffer, Buffer];
      await move(old, fresh);
      moved.push([old, fresh]);
    }
    await finish();
  } catch (error) {
    try {
      for (const [old, fresh] of moved.toReversed()) await move(fresh, old);
    } catch (cause) {
      leftBehind(name, error, cause);
    }
    throw error;
  }
}

/** Who is not root may move a folder to another one only while its mode lets them write to it. */
async function move(from: Buffer, to: Buffer): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!hasCode(error, 'EACCES')) throw error;
    await using folder = await pinFolder(from).catch(() => {
      throw error;
    });
    const { mode } = await stat(folder.path);
    await chmod(folder.path, (mode & 0o7777) | 0o700);
    await rename(from, to);
    await chmod(folder.path, mode & 0o7777);
  }
}
