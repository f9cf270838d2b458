import { statfs } from 'node:fs/promises';
import { TwinDbError } from '../../errors.ts';

/** How often it is looked, in milliseconds. */
const LOOK_EACH_MS = 1000;

/** With less than this a server writes nothing of use any more, in bytes. */
const NO_ROOM = 1 << 20;

/** Runs work that a full disk does not end. */
interface Watched<T> {
  /** Where it writes, and what the operator calls that folder. */
  readonly path: string;
  readonly name: string;
  readonly work: (signal: AbortSignal) => Promise<T>;
}

/**
 * Runs it, and ends it when the disk is full twice in succession: some storage engines wait for room for ever, and say so in the server's log only. Throws a
 * TwinDbError then.
 */
export async function watchRoom<T>({ path, name, work }: Watched<T>, signal: AbortSignal): Promise<T> {
  const full = new AbortController();
  let wasFull = false;
  const look = async (): Promise<void> => {
    // The room that is kept for root is none for the server.
    const { bavail, bsize } = await statfs(path);
    const isFull = bavail * bsize < NO_ROOM;
    if (isFull && wasFull) full.abort(noRoom(name));
    wasFull = isFull;
  };
  // What cannot be looked at shows in the work itself.
  const timer = setInterval(() => void look().catch(() => undefined), LOOK_EACH_MS);
  try {
    return await work(AbortSignal.any([signal, full.signal]));
  } finally {
    clearInterval(timer);
  }
}

function noRoom(name: string): TwinDbError {
  return new TwinDbError(`There is no room left in ${name} for what is replayed`, {
    remedy: 'Make room there, or name a folder on another file system with --dst, and restore once more.',
  });
}
