import type { JobContext } from '../job-context.ts';
import { lockWait, withRunLock } from '../with-run-lock.ts';
import type { UnderLock } from './checked-copy.ts';

/** Keeps the backups of this host from the statuses while something is changed there, and waits for one that goes on. */
export function lockRuns(path: string, context: JobContext): UnderLock {
  return (work) =>
    withRunLock(
      { path, holding: { what: 'check --adopt' }, waitSeconds: lockWait('daily') },
      context,
      async (locked) => {
        const result = await work(locked);
        locked.signal.throwIfAborted();
        return result;
      },
    );
}
