import { keepLocalKey } from '../../copies/keep-local-key.ts';
import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import { formatMoment, formatSecond } from '../../mysql/binlog/format-moment.ts';
import { nearestGtids } from '../../mysql/binlog/gtid-text.ts';
import { lastSecondOf } from '../../mysql/binlog/log-times.ts';
import type { RecoveryTarget } from '../../mysql/binlog/recovery-target.ts';
import type { NoTrack, Track } from './chain-of-logs.ts';
import { firstSecondOf, isCalled, mayHaveGtid } from './fit-target.ts';
import type { ChainEnd, RecoveryLog } from './recovery-plan.ts';

/** What a target was looked for in: the copies and logs of one host, the newest copy first. */
export interface History {
  readonly copies: readonly MysqlCopy[];
  readonly logs: readonly RecoveryLog[];
  readonly target: RecoveryTarget;
}

/** A target in words, as the option takes it. */
export function describeTarget(target: RecoveryTarget): string {
  switch (target.kind) {
    case 'latest':
      return 'the latest transaction';
    case 'time':
      return `${formatMoment(target.at)}${target.assumedZone === undefined ? '' : ` (the time zone ${target.assumedZone} was assumed)`}`;
    case 'gtid':
      return `GTID ${target.gtid}`;
    case 'position':
      return `position ${quoteLocation(target.binlog)}:${target.position}`;
  }
}

/** Where a copy of the data ends: its time, GTID and position. */
export function describeEnd({ backupFinished, binlog, position, gtid }: MysqlCopy): string {
  const where = binlog === undefined ? '' : `, position ${quoteLocation(binlog)}:${position ?? '?'}`;
  return `${formatSecond(backupFinished)}${gtid === undefined || gtid === '' ? '' : `, GTID ${quoteLocation(gtid)}`}${where}`;
}

/** A copy as `ls` names it. */
export function nameOf({ key }: MysqlCopy): string {
  return quoteLocation(keepLocalKey(key));
}

function goesBeyond({ kind }: RecoveryTarget): string {
  return kind === 'time' ? 'was finished after that' : 'already holds it';
}

/** All copies hold what must not be included, or are later than the target. */
export function alreadyInOldest({ copy, logs }: Track, { target }: History): TwinDbError {
  const byTime = `By time the earliest is ${formatSecond(firstSecondOf({ copy, logs }))}.`;
  return cannot(target, `the oldest copy that can be used, ${nameOf(copy)}, ${goesBeyond(target)}`, {
    remedy: `The earliest that can be reached is the end of that copy: ${describeEnd(copy)}.${target.kind === 'time' ? ` ${byTime}` : ''}`,
  });
}

/** The copy that was named is too late; `older` is the one that would have been taken without a name. */
export function alreadyInNamed(
  { copy }: Track,
  { target }: History,
  older: MysqlCopy | undefined,
): TwinDbError {
  return cannot(target, `${nameOf(copy)} ${goesBeyond(target)}: it ends at ${describeEnd(copy)}`, {
    remedy:
      older === undefined
        ? 'No older copy can be used.'
        : `Name ${nameOf(older)}, which lies before it, or write latest in the place of the copy.`,
  });
}

/** The logs that follow the last copy before the target end before it. */
export function beyondLogs(track: Track, { target, copies }: History): TwinDbError {
  const { end } = track;
  const next = end.isGap ? nextCopy(track, copies) : undefined;
  return cannot(target, describeChainEnd(track), {
    remedy:
      `The latest that can be reached before that is ${describeReach(track)}.` +
      (next === undefined ? '' : ` Behind the gap, ${nameOf(next)} is the next copy: ${describeEnd(next)}.`) +
      (end.isGap
        ? ''
        : ' The next backup copies what was written since; --more-logs takes logs that the server has left.'),
  });
}

/** What ends the logs that can be replayed on a copy, as a sentence without its period. */
export function describeChainEnd({ copy, end }: Pick<Track, 'copy' | 'end'>): string {
  if (end.after === undefined) return end.reason;
  return end.isGap
    ? `behind ${describeLog(end.after)} there is a gap: ${end.reason}`
    : `${describeLog(end.after)} is the last log that continues ${nameOf(copy)}`;
}

/** The latest that can be reached from a copy, as far as the statuses tell. */
export function describeReach({ copy, end }: Pick<Track, 'copy' | 'end'>): string {
  if (end.after === undefined) return `the end of ${nameOf(copy)}, ${describeEnd(copy)}`;
  const last = lastSecondOf(end.after);
  return `the end of ${describeLog(end.after)}${last === undefined ? '' : `, ${formatSecond(last)}`}`;
}

function describeLog({ name, contents, parts }: NonNullable<ChainEnd['after']>): string {
  const gtids = contents?.gtidEnd;
  return `${quoteLocation(name)}${parts === undefined ? '' : `, in parts up to position ${parts.end}`}${gtids === undefined || gtids === '' ? '' : ` (GTIDs up to ${quoteLocation(gtids)})`}`;
}

/** The oldest copy that ends behind the last log. */
function nextCopy({ copy, end }: Track, copies: readonly MysqlCopy[]): MysqlCopy | undefined {
  const since = Math.max(end.after === undefined ? 0 : (lastSecondOf(end.after) ?? 0), copy.backupFinished);
  return copies.findLast(({ backupFinished }) => backupFinished > since);
}

/** No log that can be reached has the GTID or the position. */
export function unknownTarget(track: Track, history: History): TwinDbError {
  const { target, logs } = history;
  const isThere =
    target.kind === 'gtid'
      ? logs.some((log) => mayHaveGtid(log, target.gtid))
      : target.kind === 'position' && logs.some((log) => isCalled(log, target));
  // The log is there, and a gap is in front of it.
  if (isThere && track.end.isGap) return beyondLogs(track, history);
  if (isThere) {
    return cannot(target, `its log does not continue ${nameOf(track.copy)}`, {
      remedy: 'twindb-backup ls --coverage shows what can be reached; name another copy.',
    });
  }
  return target.kind === 'gtid' ? unknownGtid(target.gtid, track, history) : unknownLog(track, history);
}

function unknownGtid(gtid: string, track: Track, { target, copies, logs }: History): TwinDbError {
  const states = [
    ...logs.flatMap(({ contents }) => [contents?.gtidStart ?? '', contents?.gtidEnd ?? '']),
    ...copies.map((copy) => copy.gtid ?? ''),
  ];
  const nearest = nearestGtids(states, gtid);
  const unread = logs.filter(({ contents }) => contents?.gtidEnd === undefined).length;
  const around = [nearest?.below, nearest?.above].filter((each) => each !== undefined);
  return cannot(
    target,
    `no copy of a binary log has it${unread === 0 ? '' : `; of ${unread} logs the GTIDs are not known`}`,
    {
      remedy:
        nearest === undefined
          ? 'The logs have nothing of that server or domain. twindb-backup status --type binlog shows their GTIDs.'
          : `The nearest that the copies record: ${around.join(' and ')}. The latest that can be reached is ${describeReach(track)}.`,
    },
  );
}

function unknownLog(track: Track, { target, logs }: History): TwinDbError {
  const [first, last] = [track.logs[0], track.logs.at(-1)];
  const range =
    first === undefined || last === undefined
      ? `No log continues ${nameOf(track.copy)}.`
      : `${nameOf(track.copy)} is continued by ${quoteLocation(first.name)} to ${quoteLocation(last.name)}.`;
  return cannot(
    target,
    logs.length === 0 ? 'there are no copies of binary logs' : 'there is no copy of that log',
    {
      remedy: `${range} The latest that can be reached is ${describeReach(track)}.`,
    },
  );
}

/** Names and GTIDs are given again: one in logs from before is taken only where the copy is named. */
export function fromBefore({ copy }: Track, begun: RecoveryLog, { target }: History): TwinDbError {
  const since = begun.timeCreated === undefined ? '' : ` at ${formatSecond(begun.timeCreated)}`;
  return cannot(
    target,
    `only logs from before the server began its logs again${since} have it (RESET MASTER, or restored data)`,
    { remedy: `If that is what you mean, name the copy before it: ${nameOf(copy)}.` },
  );
}

/** A copy was named whose place in the logs is not known. */
export function noPosition({ copy, problem }: NoTrack): TwinDbError {
  return new TwinDbError(`Nothing can be replayed on ${nameOf(copy)}: ${problem}`, {
    remedy: 'Name another copy, or restore this one without --to-…: the steps at its end say how to go on.',
  });
}

/** No copy has a known place in the logs. */
export function nothingUsable(
  passedOver: readonly NoTrack[],
  { target }: Pick<History, 'target'>,
): TwinDbError {
  const [first] = passedOver;
  if (first === undefined) return cannot(target, 'no copy of MySQL is in the status of this host', {});
  return cannot(
    target,
    `of ${passedOver.length === 1 ? 'the only copy' : `${passedOver.length} copies`} none can be used; ${nameOf(first.copy)}: ${first.problem}`,
    { remedy: 'Restore one without --to-…: the steps at its end say how to go on.' },
  );
}

/** The error for a target that cannot be reached. */
export function cannot(
  target: RecoveryTarget,
  reason: string,
  { remedy }: { readonly remedy?: string },
): TwinDbError {
  return new TwinDbError(
    `Cannot recover to ${describeTarget(target)}: ${reason}`,
    remedy === undefined ? {} : { remedy },
  );
}

/** The error for a log that is needed and whose transactions cannot be told apart. */
export function unusableLog(
  { name }: RecoveryLog,
  target: RecoveryTarget,
  scan: { readonly kind: 'encrypted' } | { readonly kind: 'unreadable'; readonly reason: string },
): TwinDbError {
  return scan.kind === 'encrypted'
    ? cannot(target, `the binary log ${quoteLocation(name)} is encrypted by the server that wrote it`, {
        remedy:
          'Only a server that has the key can read it: docs/recovery.md says how. What lies before that log can be reached.',
      })
    : cannot(target, `the binary log ${quoteLocation(name)} cannot be read: ${scan.reason}`, {
        remedy: 'What lies before that log can be reached.',
      });
}
