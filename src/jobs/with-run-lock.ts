import { RUN_TYPE_TABLE, type RunType } from '../copies/run-type.ts';
import type { Holding } from '../lock/lock-holder.ts';
import { holdLock, lostError } from '../lock/run-lock.ts';
import type { JobContext } from './job-context.ts';
import { showStep } from './show-step.ts';

/** How long a run waits for the one before it, in seconds: half its interval (contract: what a run does). */
export function lockWait(runType: RunType): number {
  return RUN_TYPE_TABLE[runType].interval / 2;
}

interface RunLock {
  /** The lock is the folder `PATH.lock`. */
  readonly path: string;
  /** What the lock is held for, for those who wait. */
  readonly holding: Holding;
  /** How long to wait for another run. */
  readonly waitSeconds: number;
}

/**
 * Does the work while no other run of this host changes its statuses. The signal of the context that the work gets aborts also
 * when the lock was taken away. Throws a LockTimeoutError when another run still holds it after the wait.
 */
export async function withRunLock<T>(
  { path, holding, waitSeconds }: RunLock,
  context: JobContext,
  work: (context: JobContext) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  const signal = AbortSignal.any([context.signal, lost.signal]);
  const onLost = (error: Error) => lost.abort(error);
  const onWait = () => context.log.info(`Waiting for another run to release the lock ${path}.lock`);
  await using lock = await showStep(context, ['Waiting for', `${path}.lock`], () =>
    holdLock({ path, holding, waitSeconds, signal, onLost, onWait }),
  );
  const requireLock = (): void => {
    if (!lock.isHeld()) onLost(lostError(`${path}.lock`));
    signal.throwIfAborted();
  };
  return await work({ ...context, signal, requireLock });
}
