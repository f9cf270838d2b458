import { listStreamedLogs } from '../../catalogue/streamed-logs.ts';
import type { Destination } from '../../destinations/destination.ts';
import { BINLOG } from '../../kinds/binlog.ts';
import type { ClosedBinlog } from '../../mysql/binlog/binlogs.ts';
import type { JobContext } from '../job-context.ts';
import type { CopyPlace } from '../record/record-copy.ts';
import { type DropPolicy, planDrops } from './plan-drops.ts';

/**
 * Deletes the parts of logs that are stored as a whole by now, and those that are older than `expire_log_days`. The service that stores parts and
 * the runs of cron both do it: the second finds nothing. Where nothing may be deleted at the destination, nothing is.
 */
export async function dropStreamed(
  closedLogs: readonly ClosedBinlog[],
  { destination: place }: { readonly destination: Pick<CopyPlace, 'appendOnly' | 'status'> },
  policy: Pick<DropPolicy, 'expireLogDays' | 'now' | 'serverIdentity'>,
  { destination, host, log, signal }: Pick<JobContext, 'destination' | 'host' | 'log' | 'signal'>,
): Promise<void> {
  if (place.appendOnly) return;
  const streamed = await listStreamedLogs(destination, host);
  if (streamed.length === 0) return;
  // Another machine may have written the status since, without the entries on which the parts go.
  await place.status.confirm();
  const sealed = BINLOG.copies((await place.status.read()).status);
  const sizes = new Map(closedLogs.map(({ name, size }) => [name, size]));
  for (const { log: dropped, keys } of planDrops(streamed, { ...policy, sealed, sizes })) {
    await deleteInOrder(keys, destination, signal);
    log.debug(`Removed ${keys.length} objects of ${dropped.binlog}, which was stored in parts`);
  }
}

/** How many are deleted at once: a log that was written slowly has tens of thousands of parts, and others wait for the lock. */
const AT_ONCE = 16;

/**
 * Deletes so many at a time; those that are left after an interruption have no hole but among the last few. The last ones go one by one: what is left
 * must not lack its beginning, nor what says whose it is.
 */
async function deleteInOrder(
  keys: readonly string[],
  destination: Pick<Destination, 'delete'>,
  signal: AbortSignal,
): Promise<void> {
  const many = Math.max(keys.length - AT_ONCE, 0);
  for (let at = 0; at < keys.length; ) {
    signal.throwIfAborted();
    const next = keys.slice(at, at < many ? Math.min(at + AT_ONCE, many) : at + 1);
    const outcomes = await Promise.allSettled(next.map((key) => destination.delete(key)));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
    at += next.length;
  }
}
