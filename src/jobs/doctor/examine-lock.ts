import { LockTimeoutError } from '../../errors.ts';
import { holdLock } from '../../lock/run-lock.ts';
import type { DoctorContext, Report } from './finding.ts';

/** How long the doctor's own hold of the lock is meant to last, in seconds. */
const HOLDING = { what: 'the doctor', limitSeconds: 60 };

/** Whether a run could take the lock: takes it for a moment, unless a run has it. */
export async function examineLock({ lockPath, signal }: DoctorContext, report: Report): Promise<void> {
  try {
    await using _lock = await holdLock({
      path: lockPath,
      holding: HOLDING,
      waitSeconds: 0,
      signal,
      onLost: () => undefined,
    });
    report.ok(`${lockPath}.lock can be taken`);
  } catch (error) {
    if (!(error instanceof LockTimeoutError)) throw error;
    if (error.isOverdue) throw error;
    report.note(error.message);
  }
}
