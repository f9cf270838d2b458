import { holdLock } from '../../lock/run-lock.ts';
import { LOCK_WAIT } from '../backup/run-backup.ts';
import type { JobContext } from '../job-context.ts';
import type { UnderLock } from './checked-copy.ts';

/** Keeps the backups of this host from the statuses while something is changed there, and waits for one that goes on. */
export function lockRuns(path: string, { signal, log }: JobContext): UnderLock {
  return async (work) => {
    const lost = new AbortController();
    const onLost = (error: Error) => lost.abort(error);
    const onWait = () => log.info(`Waiting for a backup to release the lock ${path}.lock`);
    await using _lock = await holdLock({ path, waitSeconds: LOCK_WAIT.daily, signal, onLost, onWait });
    const result = await work();
    lost.signal.throwIfAborted();
    return result;
  };
}
