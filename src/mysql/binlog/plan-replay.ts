import type { BinlogContents } from '../../copies/binlog-contents.ts';
import { parseBinlogName } from '../../copies/binlog-copy.ts';
import { type DatedLog, orderBinlogs, splitIntoEras } from '../../copies/order-binlogs.ts';

/** A copy of a binary log, as far as it matters to what can be replayed. Times are in seconds since the epoch. */
export interface StoredBinlog extends DatedLog {
  /** `HOST/binlog/NAME`. */
  readonly key: string;
  /** NAME: what the file is called when it has been restored. */
  readonly name: string;
  /** Whether a status lists it; other objects may be what an interrupted run has left. */
  readonly listed: boolean;
  readonly serverIdentity: string | undefined;
  /** When the copy was made, by the clock of the place where it lies. */
  readonly stored: number;
  /** Undefined where it is not known. */
  readonly contents?: Pick<BinlogContents, 'gtidStart' | 'gtidEnd' | 'nextBinlog'> | undefined;
}

/** Where in its server's logs a copy of the data ends. */
export interface DataPosition {
  readonly binlog: string;
  readonly serverIdentity: string | undefined;
  /** When the copy was begun and finished; undefined where no status lists it. */
  readonly backupStarted: number | undefined;
  readonly backupFinished: number | undefined;
}

/** Which copies of logs hold what was written after a copy of the data. */
export type ReplayPlan<L = StoredBinlog> =
  /**
   * These, which follow each other without a break; the position counts in the first. `beyond` are copies of logs that were
   * begun later and do not follow, the next one first.
   */
  | { readonly kind: 'known'; readonly logs: readonly [L, ...L[]]; readonly beyond: readonly L[] }
  /** The log has not been copied; `others` only have its name. */
  | { readonly kind: 'not-copied'; readonly others: readonly L[] }
  /** One of these, or none: what is known does not tell. */
  | { readonly kind: 'unsure'; readonly choices: readonly L[] };

/**
 * Finds the copy of the log that was being written when a copy of the data ended, and those of the later ones. After RESET
 * MASTER, or with restored data, a server gives its names again, so the name alone does not tell.
 */
export function planReplay<L extends StoredBinlog>(
  position: DataPosition,
  copies: readonly L[],
): ReplayPlan<L> {
  const logs = withoutTwins(copies);
  const own = logs.filter((log) => isOfServer(log, position.serverIdentity));
  const hasName = ({ binlog }: L) => binlog === position.binlog;
  const named = orderBinlogs(own.filter(hasName));
  const listed = own.filter((log) => log.listed);
  // Where the status is lost, the objects are all there is to go by, and most have no time.
  const eras = splitIntoEras(listed.length > 0 ? listed : own);
  if (listed.length === 0 && eras.length > 1 && named.length > 0) return { kind: 'unsure', choices: named };
  const choices = findLogs(eras, position).filter(hasName);
  const [first] = choices;
  if (first === undefined) {
    const unlisted = named.filter((log) => !log.listed);
    return unlisted.length > 0
      ? { kind: 'unsure', choices: unlisted }
      : { kind: 'not-copied', others: named };
  }
  if (choices.length > 1) return { kind: 'unsure', choices };
  const { backupStarted = 0 } = position;
  // Only what is closed is copied, and the log of that moment was still being written. But the clock of a destination may be
  // wrong: the next log tells when this one was closed, if there is one.
  if (first.stored < backupStarted) {
    const era = eras.find((each) => each.includes(first)) ?? [];
    const closed = era[era.indexOf(first) + 1]?.timeCreated;
    if (closed === undefined) return { kind: 'unsure', choices };
    if (closed < backupStarted) return { kind: 'not-copied', others: named };
  }
  const pool = listed.length > 0 ? logs.filter((log) => log.listed) : logs;
  const run = follow(first, splitIntoEras(pool).find((era) => era.includes(first)) ?? [], pool);
  return { kind: 'known', logs: run, beyond: listBeyond(run, pool) };
}

/**
 * One copy of each log: two runs without a common lock may both have copied it, the second under another name. Only GTIDs prove that it
 * is one log: names and times are given again after RESET MASTER.
 */
function withoutTwins<L extends StoredBinlog>(logs: readonly L[]): L[] {
  const seen = new Set<string>();
  return logs.filter(({ listed, binlog, timeCreated, serverIdentity, contents }) => {
    const { gtidStart, gtidEnd } = contents ?? {};
    if (!listed || serverIdentity === undefined || !gtidEnd || gtidStart === gtidEnd) return true;
    const log = JSON.stringify([binlog, timeCreated, serverIdentity, contents]);
    return !seen.has(log) && seen.add(log);
  });
}

/**
 * A log and those that follow it by their numbers, as far as no number is missing and the logs have not begun anew: what was
 * written in between might be in no copy, and rows that build on it would come out wrong.
 */
function follow<L extends StoredBinlog>(first: L, era: readonly L[], pool: readonly L[]): [L, ...L[]] {
  const named = new Map<string, L[]>();
  for (const log of era) named.set(nameOf(log), [...(named.get(nameOf(log)) ?? []), log]);
  const run: [L, ...L[]] = [first];
  for (let last = first; ; ) {
    const twins = (named.get(nameOf(last)) ?? []).filter(
      ({ timeCreated }) => timeCreated === last.timeCreated,
    );
    const candidates = named.get(nameOf(last, 1)) ?? [];
    const next =
      candidates.find((log) => isOfServer(log, last.serverIdentity)) ??
      // A server whose data were moved counts as another one, and its logs were copied once more.
      candidates.find((log) => twins.some(({ serverIdentity }) => serverIdentity === log.serverIdentity)) ??
      // What a status says of contents may lead in circles.
      pool.find((log) => continues(log, last) && !run.includes(log));
    if (next === undefined) return run;
    run.push(next);
    last = next;
  }
}

/** Whether the contents prove that a log follows another one. Its time may lie before: the server's clock was put back. */
function continues(log: StoredBinlog, last: StoredBinlog): boolean {
  const { gtidEnd, nextBinlog } = last.contents ?? {};
  return nextBinlog === log.binlog && Boolean(gtidEnd) && gtidEnd === log.contents?.gtidStart;
}

/** What a server calls a log, or one that it begins `later`; the number of digits is no matter. */
function nameOf({ binlog }: DatedLog, later = 0): string {
  const parsed = parseBinlogName(binlog);
  return parsed === undefined ? binlog : `${parsed.base}.${parsed.number + later}`;
}

function listBeyond<L extends StoredBinlog>(run: readonly L[], pool: readonly L[]): L[] {
  const [taken, end] = [new Set(run), run.at(-1)?.timeCreated ?? 0];
  const later = pool.filter((log) => !taken.has(log) && (log.timeCreated ?? 0) > end);
  return orderBinlogs(later.filter((log) => !isBefore(log, run[0])));
}

/** Whether a log was begun before the first one of a run, which may have ended at an earlier time: with a clock that was put back. */
function isBefore(log: StoredBinlog, first: StoredBinlog | undefined): boolean {
  const [its, firsts] = [parseBinlogName(log.binlog), parseBinlogName(first?.binlog ?? '')];
  if (its === undefined || firsts === undefined || its.base !== firsts.base) return false;
  return its.number < firsts.number && (log.timeCreated ?? 0) <= (first?.timeCreated ?? 0);
}

/** The Python tool records no identity, and then nothing tells that it is another server's. */
function isOfServer({ serverIdentity }: StoredBinlog, identity: string | undefined): boolean {
  return serverIdentity === undefined || identity === undefined || serverIdentity === identity;
}

/** The logs among which the server was writing when the copy was finished; all where that is not known. */
function findLogs<L extends StoredBinlog>(
  eras: readonly (readonly L[])[],
  { backupFinished }: DataPosition,
): readonly L[] {
  if (backupFinished === undefined) return eras.flat();
  return eras.findLast((era) => era.some(({ timeCreated = 0 }) => timeCreated <= backupFinished)) ?? [];
}
