import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { LockTimeoutError, TwinDbError } from '../errors.ts';

/** A lock that has not been refreshed for this long belongs to a run that is gone. Milliseconds. */
const STALE_MS = 15_000;
const REFRESH_MS = 5_000;
const RETRY_MS = 500;

interface LockOptions {
  /** The lock is the folder `PATH.lock`; the Python tool leaves a file at PATH itself. */
  readonly path: string;
  /** How long to wait for another run, in seconds. */
  readonly waitSeconds: number;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** Called once when another run holds the lock and this one begins to wait. */
  readonly onWait?: () => void;
  /** Called when another process took the lock away from us, so that the work must stop. */
  readonly onLost: (error: Error) => void;
}

/**
 * Holds the lock of a run until it is disposed of. A lock that a killed run left behind is taken over. Throws a
 * LockTimeoutError when another run still holds it after the wait.
 */
export async function holdLock(options: LockOptions): Promise<AsyncDisposable> {
  const deadline = Date.now() + options.waitSeconds * 1000;
  for (let attempt = 1; ; attempt += 1) {
    options.signal.throwIfAborted();
    const lock = await tryLock(options);
    if (lock !== undefined) return lock;
    if (Date.now() >= deadline) {
      throw new LockTimeoutError(
        `Another run still holds the lock ${options.path}.lock after ${options.waitSeconds} s`,
        { remedy: 'See what it is doing, or start this run at another time.' },
      );
    }
    if (attempt === 1) options.onWait?.();
    const pause = Math.min(RETRY_MS, Math.max(deadline - Date.now(), 1));
    // Interrupted: the next round throws the signal's own reason.
    await delay(pause, undefined, { signal: options.signal }).catch(() => undefined);
  }
}

async function tryLock({ path, onLost }: LockOptions): Promise<AsyncDisposable | undefined> {
  const lockfilePath = `${path}.lock`;
  let held = false;
  try {
    const release = await lockfile.lock(path, {
      lockfilePath,
      realpath: false,
      stale: STALE_MS,
      update: REFRESH_MS,
      fs: { ...fs, rmdir: (target: string, done: fs.NoParamCallback) => removeFolder(target, held, done) },
      onCompromised: (cause) =>
        onLost(new TwinDbError(`The lock ${lockfilePath} was taken away from this run`, { cause })),
    });
    held = true;
    return { [Symbol.asyncDispose]: () => releaseLock(release, lockfilePath) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ELOCKED') return undefined;
    throw new TwinDbError(`Cannot take the lock ${lockfilePath}`, {
      cause: error,
      remedy: 'Run as root, or name a file in a writable folder with --lock-file.',
    });
  }
}

/**
 * Several runs that start in the same second may all find a stale lock. Only one of them may remove it: the others
 * would remove the winner's fresh one, so its age is read again at the last moment.
 */
function removeFolder(path: string, ours: boolean, done: fs.NoParamCallback): void {
  try {
    const age = Date.now() - fs.statSync(path).mtimeMs;
    if (!ours && age < STALE_MS) throw Object.assign(new Error('Taken by another run'), { code: 'ELOCKED' });
    fs.rmdirSync(path);
    done(null);
  } catch (error) {
    done(error as NodeJS.ErrnoException);
  }
}

async function releaseLock(release: () => Promise<void>, lockfilePath: string): Promise<void> {
  try {
    await release();
  } catch (error) {
    // Lost in the meantime: `onLost` has said so, and the lock is not ours to remove.
    if ((error as NodeJS.ErrnoException).code !== 'ERELEASED') {
      throw new TwinDbError(`Cannot release the lock ${lockfilePath}`, { cause: error });
    }
  }
}
