import { readlinkSync } from 'node:fs';
import { constants, open, stat } from 'node:fs/promises';

/** Opens a folder as a place only: without a right to read it. Source: open(2); Node has no name for it. */
const O_PATH = 0o10000000;

/** A folder that is held open: `path` leads to it and to no other, whatever others do with its name meanwhile. */
export interface PinnedFolder extends AsyncDisposable {
  /** For this process and its children, until it is disposed of. */
  readonly path: string;
}

/**
 * Holds a folder open. What is planted under its name later has no effect on the result; a symbolic link that is there already is
 * followed only with `followLink`. Throws the system's error, ENOTDIR where there is something else than a folder.
 */
export async function pinFolder(
  path: string | Buffer,
  { followLink = false }: { readonly followLink?: boolean } = {},
): Promise<PinnedFolder> {
  const handle = await open(path, O_PATH | constants.O_DIRECTORY | (followLink ? 0 : constants.O_NOFOLLOW));
  const close = () => handle.close();
  try {
    // Not `self`, which is another process to a child; nor our PID, as /proc may show another namespace than ours.
    const pinned = `/proc/${readlinkSync('/proc/self')}/fd/${handle.fd}`;
    const [held, seen] = [await handle.stat(), await stat(pinned)];
    if (held.dev !== seen.dev || held.ino !== seen.ino) throw new Error(`${pinned} leads somewhere else`);
    return { path: pinned, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}
