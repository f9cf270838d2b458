import { keepLocalKey } from '../../copies/keep-local-key.ts';
import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import { lastSecondOf } from '../../mysql/binlog/log-times.ts';
import { followCopy, hasTrack, type Track } from './chain-of-logs.ts';
import { firstSecondOf } from './fit-target.ts';
import type { ListedLog } from './recovery-plan.ts';

/** A time in which every second can be restored. Times are in seconds since the epoch. */
export interface CoverageWindow {
  /** When the oldest copy in it was finished. */
  readonly from: number;
  /** The end of the last log; that of the copy where no log continues it. */
  readonly to: number;
  /** The oldest copy, from which all of it can be reached. */
  readonly base: string;
  /** How many copies are in it. */
  readonly copies: number;
  /** How many logs. */
  readonly logs: number;
  /** Why it ends, as a sentence without its period. */
  readonly reason: string;
  /** Whether transactions are missing behind it, as far as is known. */
  readonly endsInGap: boolean;
}

/** Between two windows. */
export interface CoverageGap {
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

/** What can be restored of one server. */
export interface Coverage {
  /** The oldest first. */
  readonly windows: readonly CoverageWindow[];
  readonly gaps: readonly CoverageGap[];
  /** Copies that can be restored only as they are, and why nothing can be replayed on them. */
  readonly withoutLogs: readonly { readonly key: string; readonly problem: string }[];
}

/** One or more copies that lead into the same logs. */
interface Run {
  readonly track: Track<ListedLog>;
  readonly copies: MysqlCopy[];
}

/** The times in which every second can be restored, by what the statuses of one host list. */
export function planCoverage(copies: readonly MysqlCopy[], logs: readonly ListedLog[]): Coverage {
  const runs: Run[] = [];
  const withoutLogs: { key: string; problem: string }[] = [];
  for (const copy of copies.toSorted((a, b) => a.backupFinished - b.backupFinished)) {
    const known = runs.find(({ track }) => isWithin(copy, track));
    if (known !== undefined) {
      known.copies.push(copy);
      continue;
    }
    const track = followCopy(copy, logs);
    if (hasTrack(track)) runs.push({ track, copies: [copy] });
    else withoutLogs.push({ key: keepLocalKey(copy.key), problem: track.problem });
  }
  const windows = runs.map(toWindow);
  return { windows, gaps: findGaps(windows), withoutLogs };
}

/** Whether the logs that continue an older copy lead past a copy: what continues it is among them. Saves following each of hundreds. */
function isWithin(
  { binlog, serverIdentity, backupFinished }: MysqlCopy,
  { logs }: Track<ListedLog>,
): boolean {
  const index = logs.findIndex(
    (log) =>
      log.binlog === binlog &&
      (log.serverIdentity === undefined ||
        serverIdentity === undefined ||
        log.serverIdentity === serverIdentity),
  );
  const log = logs[index];
  if (log === undefined) return false;
  const ended = lastSecondOf(log, logs[index + 1]);
  // Names are given again: the log has to be the one of that time.
  return (log.timeCreated ?? 0) <= backupFinished && (ended === undefined || backupFinished <= ended + SLACK);
}

/** A copy is finished after its position was read: at the end of a long stream that may be minutes. Seconds. */
const SLACK = 3600;

function toWindow({ track: { copy, logs, end }, copies }: Run): CoverageWindow {
  const last = logs.at(-1);
  const to = last === undefined ? undefined : lastSecondOf(last);
  return {
    from: firstSecondOf({ copy, logs }),
    to: Math.max(to ?? 0, firstSecondOf({ copy, logs })),
    base: keepLocalKey(copy.key),
    copies: copies.length,
    logs: logs.length,
    reason: end.reason,
    endsInGap: end.isGap,
  };
}

function findGaps(windows: readonly CoverageWindow[]): CoverageGap[] {
  return windows.flatMap(({ from: to }, index) => {
    const before = windows[index - 1];
    if (before === undefined || before.to >= to) return [];
    return [{ from: before.to, to, reason: before.reason }];
  });
}
