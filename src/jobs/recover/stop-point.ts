import { quoteLocation } from '../../copies/quote-location.ts';
import { formatMoment } from '../../mysql/binlog/format-moment.ts';
import type { OpenGroup } from '../../mysql/binlog/group-tracker.ts';
import { formatGtid, positionOfState } from '../../mysql/binlog/gtid-text.ts';
import type { Cut, LogFindings } from '../../mysql/binlog/log-search.ts';
import type { GroupMark, RecoveryLog, RecoveryPlan, StopPoint } from './recovery-plan.ts';

/** What the logs in front of the one at hand have. */
export interface Before {
  readonly lastIncluded: GroupMark | undefined;
  readonly transactions: number | undefined;
  readonly foreignTimes: number;
}

/** A log that was looked through. */
export interface Searched {
  readonly index: number;
  readonly log: RecoveryLog;
  readonly findings: LogFindings;
  /** Where the search began: behind the copy, or behind the magic number. Bytes from its beginning. */
  readonly from: number;
  /** Bytes of it. */
  readonly size: number;
  /** The transaction that it was cut off in. */
  readonly open: OpenGroup | undefined;
  readonly isTorn: boolean;
  /** When the server ended it, in seconds since the epoch; undefined where it did not. */
  readonly closed: number | undefined;
}

/** A cut in a log as the place where the replay stops. */
export function stopAt(
  searched: Searched,
  cut: Cut,
  before: Before,
  { logs, target }: RecoveryPlan,
): StopPoint {
  const { index, log, size, isTorn, open } = searched;
  const next = cut.firstLeftOut ?? open;
  const isEnd = cut.firstLeftOut === undefined;
  // Where the log was cut off in front of its first transaction.
  const isEmpty = isTorn && next === undefined && cut.lastIncluded === undefined && index > 0;
  const stop = cut.lastIncluded?.end ?? next?.start ?? searched.from;
  return {
    logs: logs.slice(0, isEmpty ? index : index + 1),
    stopPosition: isEmpty || (isEnd && !isTorn) ? undefined : stop,
    lastIncluded: cut.lastIncluded === undefined ? before.lastIncluded : markEnd(log, cut.lastIncluded),
    firstLeftOut: next && markStart(log, next),
    transactions: before.transactions === undefined ? undefined : before.transactions + cut.transactions,
    gtidState: cut.gtidState === undefined ? undefined : positionOfState(cut.gtidState),
    foreignTimes: target.kind === 'time' ? before.foreignTimes + cut.foreignTimes : 0,
    torn: isEnd && isTorn ? { binlog: log.binlog, bytes: size - stop } : undefined,
  };
}

/** The end of a transaction that is included. */
export function markEnd({ binlog }: RecoveryLog, group: OpenGroup & { readonly end: number }): GroupMark {
  return { ...markStart({ binlog }, group), position: group.end };
}

/** The beginning of a transaction that is left out. */
function markStart({ binlog }: Pick<RecoveryLog, 'binlog'>, { gtid, time, start }: OpenGroup): GroupMark {
  return { gtid: gtid && formatGtid(gtid), time, binlog, position: start };
}

/** A transaction in words: GTID, time, position. */
export function sayMark({ gtid, time, binlog, position }: GroupMark): string {
  return `${gtid === undefined ? '' : `GTID ${gtid}, `}${formatMoment(time)}, position ${quoteLocation(binlog)}:${position}`;
}
