import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { hasCode, LockTimeoutError, TwinDbError } from '../errors.ts';
import { type Holding, isHeldBy, readHolder, removeLock, writeHolder } from './lock-holder.ts';
import { describeHolder, isOverdue } from './lock-message.ts';
import { newPartialName } from './owner.ts';

/** A lock that has not been refreshed for this long belongs to a run that has ended, if its holder cannot be looked up. Milliseconds. */
const STALE_MS = 15_000;
const REFRESH_MS = 5_000;
const RETRY_MS = 500;

interface LockOptions {
  /** The lock is the folder `PATH.lock`; the Python tool leaves a file at PATH itself. */
  readonly path: string;
  /** What is done meanwhile, for those who wait. */
  readonly holding: Holding;
  /** How long to wait for another run, in seconds. */
  readonly waitSeconds: number;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** Called once when another run holds the lock and this one begins to wait. */
  readonly onWait?: () => void;
  /** Called when another process took the lock away from us, so that the work must stop. */
  readonly onLost: (error: Error) => void;
}

/** A lock that is held; disposing releases it. */
export interface HeldLock extends AsyncDisposable {
  /** Whether it is still ours: `onLost` is called some seconds after it was taken away. */
  isHeld(): boolean;
}

/**
 * Holds the lock of a run until it is disposed of. The lock names its holder. One whose process is alive is waited for, one
 * whose process is dead is replaced at once; where that cannot be looked up (another machine or container), a lock that is
 * refreshed is waited for. Throws a LockTimeoutError when another run still holds it after the wait.
 */
export async function holdLock(options: LockOptions): Promise<HeldLock> {
  const lock = `${options.path}.lock`;
  const deadline = Date.now() + options.waitSeconds * 1000;
  const watch = watchRefreshes();
  for (let attempt = 1; ; attempt += 1) {
    options.signal.throwIfAborted();
    const held = await tryLock(options, watch);
    if (held !== undefined) return held;
    if (Date.now() >= deadline) {
      const holder = readHolder(lock);
      throw new LockTimeoutError(
        `Another run still holds the lock ${lock} after ${options.waitSeconds} s${describeHolder(holder)}`,
        {
          remedy: 'See what it is doing, or start this run at another time.',
          isOverdue: isOverdue(holder, Date.now()),
        },
      );
    }
    if (attempt === 1) options.onWait?.();
    const pause = Math.min(RETRY_MS, Math.max(deadline - Date.now(), 1));
    // Interrupted: the next round throws the signal's own reason.
    await delay(pause, undefined, { signal: options.signal }).catch(() => undefined);
  }
}

/** Tells for how long a lock has been seen without a change, in milliseconds. */
type Watch = (mtimeMs: number) => number;

/** A lock that is dated in the future never gets old, but one that is not refreshed can be seen not to be. */
function watchRefreshes(): Watch {
  let last: { readonly mtimeMs: number; readonly seen: number } | undefined;
  return (mtimeMs) => {
    if (last?.mtimeMs !== mtimeMs) last = { mtimeMs, seen: performance.now() };
    return performance.now() - last.seen;
  };
}

async function tryLock({ path, holding, onLost }: LockOptions, watch: Watch): Promise<HeldLock | undefined> {
  const lock = `${path}.lock`;
  const name = newPartialName();
  try {
    const release = await lockfile.lock(path, {
      lockfilePath: lock,
      realpath: false,
      stale: STALE_MS,
      update: REFRESH_MS,
      fs: namingFs(name, holding, watch),
      onCompromised: (cause) => onLost(lostError(lock, cause)),
    });
    return {
      isHeld: () => isHeldBy(lock, name),
      [Symbol.asyncDispose]: () => releaseLock(release, lock),
    };
  } catch (error) {
    if (hasCode(error, 'ELOCKED')) return undefined;
    throw new TwinDbError(`Cannot take the lock ${lock}`, {
      cause: error,
      remedy: 'Run as root, or name a file in a writable folder with --lock-file.',
    });
  }
}

/** For a lock that another process took away. */
export function lostError(lock: string, cause?: unknown): TwinDbError {
  return new TwinDbError(`The lock ${lock} was taken away from this run`, { cause });
}

/**
 * The file system as proper-lockfile is to see it. The holder's file comes and goes with the folder: put there later it would
 * change the time of the folder, and the library would report the lock as lost.
 */
function namingFs(name: string, holding: Holding, watch: Watch): typeof fs {
  const mkdir = (path: string, done: fs.NoParamCallback): void => {
    settle(done, () => {
      fs.mkdirSync(path);
      unlessTaken('ENOENT', () => writeHolder(path, name, holding, Date.now()));
    });
  };
  const stat = (path: string, done: (error: Error | null, stats?: fs.Stats) => void): void => {
    let stats: fs.Stats;
    try {
      stats = fs.statSync(path);
      if (!isHeldBy(path, name)) stats.mtime = new Date(isStale(path, stats, watch) ? 0 : Date.now());
    } catch (error) {
      return done(error as Error);
    }
    return done(null, stats);
  };
  const rmdirSync = (path: string): void => {
    if (isHeldBy(path, name)) return removeLock(path, name);
    // Several runs that start in the same second may all find a lock stale: it is looked at again at the last moment.
    if (!isStale(path, fs.statSync(path), watch)) throw takenError();
    const other = readHolder(path);
    unlessTaken('ENOTEMPTY', () => (other === undefined ? fs.rmdirSync(path) : removeLock(path, other.name)));
  };
  const rmdir = (path: string, done: fs.NoParamCallback): void => settle(done, () => rmdirSync(path));
  return { ...fs, mkdir, stat, rmdir, rmdirSync } as unknown as typeof fs;
}

function takenError(cause?: unknown): Error {
  return Object.assign(new Error('Another run was faster', { cause }), { code: 'ELOCKED' });
}

/** Does a step that fails with this code when another run has replaced the folder a moment ago. */
function unlessTaken(code: string, step: () => void): void {
  try {
    step();
  } catch (error) {
    throw hasCode(error, code) ? takenError(error) : error;
  }
}

function settle(done: fs.NoParamCallback, work: () => void): void {
  try {
    work();
  } catch (error) {
    return done(error as Error);
  }
  return done(null);
}

/** Whether the run that holds a lock has ended. */
function isStale(path: string, { mtimeMs }: fs.Stats, watch: Watch): boolean {
  switch (readHolder(path)?.state) {
    case 'alive':
      return false;
    case 'dead':
    // Unlike an upload, a lock is not shared with a clone of this machine.
    case 'earlier boot':
      return true;
    case 'stranger':
    case undefined:
      return Date.now() - mtimeMs > STALE_MS || watch(mtimeMs) > STALE_MS;
  }
}

async function releaseLock(release: () => Promise<void>, lock: string): Promise<void> {
  try {
    await release();
  } catch (error) {
    // Lost in the meantime: `onLost` has said so, and the lock is not ours to remove.
    if (!hasCode(error, 'ERELEASED', 'ELOCKED')) {
      throw new TwinDbError(`Cannot release the lock ${lock}`, { cause: error });
    }
  }
}
