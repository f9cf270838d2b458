import { listStreamedLogs } from '../../catalogue/streamed-logs.ts';
import { BINLOG } from '../../kinds/binlog.ts';
import type { ClosedBinlog } from '../../mysql/binlog/binlogs.ts';
import type { JobContext } from '../job-context.ts';
import type { CopyPlaces } from '../record/record-copy.ts';
import { type DropPolicy, planDrops } from './plan-drops.ts';

/**
 * Deletes the parts of logs that are stored as a whole by now, and those that are older than `expire_log_days`. The service that stores parts and
 * the runs of cron both do it: whoever comes last finds nothing. Where nothing may be deleted at the destination, nothing is.
 */
export async function dropStreamed(
  closedLogs: readonly ClosedBinlog[],
  { destination: place }: CopyPlaces,
  policy: Pick<DropPolicy, 'expireLogDays' | 'now' | 'serverIdentity'>,
  { destination, host, log, signal }: JobContext,
): Promise<void> {
  if (place.appendOnly) return;
  const streamed = await listStreamedLogs(destination, host);
  if (streamed.length === 0) return;
  const sealed = BINLOG.copies((await place.status.read()).status);
  const sizes = new Map(closedLogs.map(({ name, size }) => [name, size]));
  for (const { log: dropped, keys } of planDrops(streamed, { ...policy, sealed, sizes })) {
    for (const key of keys) {
      signal.throwIfAborted();
      await destination.delete(key);
    }
    log.debug(`Removed ${keys.length} objects of ${dropped.binlog}, which was stored in parts`);
  }
}
