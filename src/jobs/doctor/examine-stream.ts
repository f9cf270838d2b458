import { listStreamedLogs } from '../../catalogue/streamed-logs.ts';
import { orderBinlogs } from '../../copies/order-binlogs.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { ownerMark } from '../../copies/streamed-part.ts';
import { listBinlogs } from '../../mysql/binlog/binlogs.ts';
import type { MysqlServer } from '../../mysql/server/server.ts';
import { formatAge, toSeconds } from '../../units.ts';
import type { DoctorContext, Report } from './finding.ts';

/** What a service that runs may take beyond its interval to store a part, with a retry. Seconds. */
const SLACK = 60;

/** Whether the binary logs are stored as they are written, and up to where. */
export async function examineStream(
  server: MysqlServer,
  { config, destination, host, now }: DoctorContext,
  report: Report,
): Promise<void> {
  // What else is needed of it is said where the logs are examined.
  if ((await server.variable('log_bin'))?.toUpperCase() !== 'ON') return;
  const mark = ownerMark(server.identity);
  const streamed = (await listStreamedLogs(destination, host)).filter((log) => (log.mark ?? mark) === mark);
  const newest = orderBinlogs(streamed).at(-1);
  if (newest === undefined) {
    report.note(
      'Binary logs are stored by the runs only: what the server writes between two is lost with the host. twindb-backup stream binlog stores it every few seconds.',
    );
    return;
  }
  const current = (await listBinlogs(server))?.at(-1);
  if (current === undefined) return;
  const age = Math.max(toSeconds(now()) - newest.modified / 1000, 0);
  const where = `${quoteLocation(newest.binlog)}, position ${newest.end}`;
  const isBehind = newest.binlog !== current.name || newest.end < current.size;
  if (isBehind && age > config.stream.interval + SLACK) {
    report.warn(
      `The last part of the binary logs was stored ${formatAge(age)} ago, up to ${where}, and the server is at ${quoteLocation(current.name)}, position ${current.size}\n` +
        'Read what twindb-backup stream binlog says: systemctl status twindb-backup-stream.service',
    );
  } else
    report.ok(
      `Binary logs are stored as they are written, up to ${where}; the last part ${formatAge(age)} ago`,
    );
}
