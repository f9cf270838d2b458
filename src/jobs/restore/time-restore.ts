import { performance } from 'node:perf_hooks';
import type { Media } from '../../copies/key.ts';
import { exportReport } from '../../exporters/export-report.ts';
import { secondsSince, toSeconds } from '../../units.ts';
import type { JobContext } from '../job-context.ts';

/** Restores, and tells the monitoring how long that took and whether it succeeded, as `isSuccess` says. An error is thrown on. */
export async function timeRestore<T>(
  media: Media,
  { config, host, log, now }: JobContext,
  restore: () => Promise<T>,
  isSuccess: (result: T) => boolean = () => true,
): Promise<T> {
  const start = performance.now();
  let succeeded = false;
  try {
    const result = await restore();
    succeeded = isSuccess(result);
    return result;
  } finally {
    const duration = secondsSince(start);
    const outcome = { work: 'restore', media, succeeded, finished: toSeconds(now()), duration } as const;
    await exportReport(config.export, { host, outcomes: [outcome], configured: undefined }, log);
  }
}

interface Recovery {
  readonly succeeded: boolean;
  /** Seconds: see `BootVerification`. */
  readonly rto?: number | undefined;
  readonly rpo?: number | undefined;
}

/** Tells monitoring what came of a recovery that was tried up to a server that answers. */
export async function reportRecovery(
  { succeeded, rto = 0, rpo }: Recovery,
  { config, host, log, now }: JobContext,
): Promise<void> {
  const outcome = {
    work: 'recovery',
    media: 'mysql',
    succeeded,
    finished: toSeconds(now()),
    duration: rto,
    rpo,
  } as const;
  await exportReport(config.export, { host, outcomes: [outcome], configured: undefined }, log);
}
