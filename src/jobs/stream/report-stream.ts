import { setTimeout as delay } from 'node:timers/promises';
import { parseBinlogName } from '../../copies/binlog-copy.ts';
import { exportReport } from '../../exporters/export-report.ts';
import { toSeconds } from '../../units.ts';
import type { JobContext } from '../job-context.ts';
import type { Stored } from './part-store.ts';

/** How often, in milliseconds. */
const PERIOD_MS = 15_000;

/** What can be asked of the service. */
interface Progressing {
  readonly isFollowing: () => boolean;
  readonly stored: () => Stored;
}

/** Exports how far the service has come, now and then, until the signal aborts, whose reason it throws. */
export async function reportStream(
  { isFollowing, stored }: Progressing,
  { config, host, log, now, signal }: JobContext,
): Promise<never> {
  for (;;) {
    await delay(PERIOD_MS, undefined, { signal });
    const { last, oldest, logBytes, objectBytes } = stored();
    const stream = {
      isFollowing: isFollowing(),
      lag: Math.round(oldest * 10) / 10,
      logBytes,
      objectBytes,
      last: last && {
        log: parseBinlogName(last.binlog)?.number ?? 0,
        position: last.to,
        stored: toSeconds(last.at),
      },
      at: toSeconds(now()),
    };
    await exportReport(config.export, { host, outcomes: [], stream, configured: undefined }, log);
  }
}
