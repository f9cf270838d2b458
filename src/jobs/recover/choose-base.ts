import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import { orderBinlogs, splitIntoEras } from '../../copies/order-binlogs.ts';
import type { RecoveryTarget } from '../../mysql/binlog/recovery-target.ts';
import { followCopy, hasTrack, type NoTrack, type Track } from './chain-of-logs.ts';
import { type Fit, fitTarget, isCalled, mayHaveGtid } from './fit-target.ts';
import type { RecoveryLog } from './recovery-plan.ts';
import {
  alreadyInNamed,
  alreadyInOldest,
  beyondLogs,
  fromBefore,
  type History,
  noPosition,
  nothingUsable,
  unknownTarget,
} from './target-problems.ts';

/** The copy to restore, and the logs to replay on it. */
export interface ChosenBase extends Track {
  /** How many of the logs lead to the target, as far as is known before they are read. */
  readonly needed: number;
  /** Newer copies that cannot be used, and why. */
  readonly passedOver: readonly NoTrack[];
}

/**
 * The newest copy that lies before the target in the order of the logs, and from which the logs lead to it without a gap; or whether the copy that was
 * `named` does. `copies` are those of one host, the newest first. Throws a TwinDbError that says what is in the way and what can be reached.
 */
export function chooseBase(
  copies: readonly MysqlCopy[],
  logs: readonly RecoveryLog[],
  target: RecoveryTarget,
  named?: MysqlCopy,
): ChosenBase {
  const history: History = { copies, logs, target };
  return named === undefined ? chooseNewest(history) : useNamed(named, history);
}

function chooseNewest(history: History): ChosenBase {
  const { copies, logs, target } = history;
  const fitOf = fitsIn(target, logs);
  const passedOver: NoTrack[] = [];
  const tried: { readonly track: Track; readonly fit: Fit }[] = [];
  for (const copy of copies) {
    const track = followCopy(copy, logs);
    if (!hasTrack(track)) {
      passedOver.push(track);
      continue;
    }
    const fit = fitOf(track);
    if (fit.kind === 'fits') {
      const begun = beginningAfter(track, history);
      if (begun !== undefined) throw fromBefore(track, begun, history);
      return { ...track, needed: fit.needed, passedOver };
    }
    tried.push({ track, fit });
    // What ends before the target does so with each older copy.
    if (fit.kind === 'too-short') break;
  }
  throw explain(tried, passedOver, history);
}

/**
 * The log with which the server began its logs again after all those of a track; undefined where it did not, or where that is no matter: a
 * GTID or a position may mean something else there, and what is newer is what people mean.
 */
function beginningAfter({ copy, logs: own }: Track, { logs, target }: History): RecoveryLog | undefined {
  if (target.kind !== 'gtid' && target.kind !== 'position') return undefined;
  const newest = splitIntoEras(logs).at(-1) ?? [];
  const [begun] = newest;
  const end = own.at(-1);
  const isOlder = end === undefined ? copy.backupFinished < (begun?.timeCreated ?? 0) : !newest.includes(end);
  return isOlder ? begun : undefined;
}

function useNamed(named: MysqlCopy, history: History): ChosenBase {
  const { copies, logs, target } = history;
  const track = followCopy(named, logs);
  if (!hasTrack(track)) throw noPosition(track);
  const fit = fitTarget(track, target);
  if (fit.kind === 'fits') return { ...track, needed: fit.needed, passedOver: [] };
  if (fit.kind === 'too-late') throw alreadyInNamed(track, history, findOlder(copies, logs, target));
  throw explain([{ track, fit }], [], history);
}

/** The copy that would be taken if none were named. */
function findOlder(
  copies: readonly MysqlCopy[],
  logs: readonly RecoveryLog[],
  target: RecoveryTarget,
): MysqlCopy | undefined {
  const fitOf = fitsIn(target, logs);
  return copies.find((copy) => {
    const track = followCopy(copy, logs);
    return hasTrack(track) && fitOf(track).kind === 'fits';
  });
}

/** How each copy relates to a target, by the order of all logs. */
function fitsIn(target: RecoveryTarget, logs: readonly RecoveryLog[]): (track: Track) => Fit {
  const ordered = orderBinlogs(logs);
  const meant = logOfPosition(target, ordered);
  const holder = target.kind === 'gtid' ? ordered.findLast((log) => mayHaveGtid(log, target.gtid)) : meant;
  return (track) => {
    const fit = fitTarget(track, target, meant);
    if (fit.kind !== 'not-there' || holder === undefined) return fit;
    const [first] = track.logs;
    const isEarlier =
      first === undefined
        ? (holder.timeCreated ?? 0) <= track.copy.backupStarted
        : ordered.indexOf(holder) < ordered.indexOf(first);
    return isEarlier ? { kind: 'too-late' } : fit;
  };
}

/** The newest log of the name that a position has: names are given again. */
function logOfPosition(target: RecoveryTarget, ordered: readonly RecoveryLog[]): RecoveryLog | undefined {
  return target.kind === 'position' ? ordered.findLast((log) => isCalled(log, target)) : undefined;
}

function explain(
  tried: readonly { readonly track: Track; readonly fit: Fit }[],
  passedOver: readonly NoTrack[],
  history: History,
): Error {
  const before = tried.find(({ fit }) => fit.kind !== 'too-late');
  const oldest = tried.at(-1);
  if (oldest === undefined) return nothingUsable(passedOver, history);
  if (before === undefined) return alreadyInOldest(oldest.track, history);
  return before.fit.kind === 'too-short'
    ? beyondLogs(before.track, history)
    : unknownTarget(before.track, history);
}
