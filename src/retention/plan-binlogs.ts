import { type BinlogCopy, compareBinlogNames } from '../copies/binlog-copy.ts';
import { keepPinned } from './keep-pinned.ts';
import { type DatedCopy, isFromFuture } from './newest-first.ts';
import type { Decision } from './plan.ts';

const DAY = 24 * 3600;

/** How much later than the last run a clock may be for expiry to believe it, in seconds. */
const TRUSTED_STEP = 2 * DAY;

export interface BinlogPolicy {
  readonly expireLogDays: number;
  /** Seconds since the epoch. */
  readonly now: number;
  /** The server that is being backed up now. */
  readonly serverIdentity: string;
  /** Keys of the copies that this run has made: they stay, and show when the last run was. Absent: it is none that copies. */
  readonly justCopied?: ReadonlySet<string>;
}

/** What expiry needs to know of a copy. */
type DatedBinlog = Pick<BinlogCopy, 'key' | 'binlog' | 'timeCreated' | 'serverIdentity' | 'pin'>;

/**
 * Decides which copies of binlogs expire (contract: status files). The age of a log counts from its end, which is the
 * beginning of the next one of its server: a log may have been written for weeks. The decisions come back oldest first.
 *
 * These stay whatever their age: the last log of the server at hand, as it shows the next run where to continue; those that this
 * run has copied; and those dated in the future, as nothing shows when they really ended.
 */
export function planBinlogs<C extends DatedBinlog>(
  copies: readonly C[],
  policy: BinlogPolicy,
): Decision<C>[] {
  const { expireLogDays, now, justCopied } = policy;
  const oldestFirst = copies.toSorted(compareBeginnings);
  const own = oldestFirst.filter((copy) => identityOf(copy, policy) === policy.serverIdentity);
  const last = lastCopied(own, now);
  const today = trustedNow(own, policy);
  const ends = findEnds(oldestFirst, policy);
  const decisions = oldestFirst.map((copy) => {
    const age = (today - (ends.get(copy) ?? copy.timeCreated)) / DAY;
    const found = `ended ${age.toFixed(1)} days ago, ${expireLogDays} to keep`;
    if (age <= expireLogDays) return { copy, keep: true, reason: found };
    const exempt = justCopied?.has(copy.key)
      ? 'this run has copied it'
      : copy === last
        ? 'the last copied log always stays: the next run continues from it'
        : undefined;
    return {
      copy,
      keep: exempt !== undefined,
      reason: exempt === undefined ? found : `${found}, but ${exempt}`,
    };
  });
  return keepPinned(decisions);
}

/** A copy of a log as the rules for all copies see it. */
export function datedCopy({ key, timeCreated }: Pick<DatedBinlog, 'key' | 'timeCreated'>): DatedCopy {
  return { key, backupStarted: timeCreated };
}

/**
 * The log that its server began last. Those dated in the future rank behind all others; undefined when there is no log.
 * `now` is in seconds since the epoch.
 */
export function lastCopied<C extends DatedBinlog>(copies: readonly C[], now: number): C | undefined {
  const isCredible = (copy: C) => !isFromFuture(datedCopy(copy), now);
  return copies
    .toSorted((a, b) => Number(isCredible(a)) - Number(isCredible(b)) || compareBeginnings(a, b))
    .at(-1);
}

/** Logs of one second are told apart by their numbers. */
function compareBeginnings(a: DatedBinlog, b: DatedBinlog): number {
  return a.timeCreated - b.timeCreated || compareBinlogNames(a.binlog, b.binlog);
}

function identityOf({ serverIdentity }: DatedBinlog, policy: BinlogPolicy): string {
  return serverIdentity ?? policy.serverIdentity;
}

/** When each log ended, in seconds since the epoch. Those are left out that no later log follows which has a credible date. */
function findEnds<C extends DatedBinlog>(oldestFirst: readonly C[], policy: BinlogPolicy): Map<C, number> {
  const ends = new Map<C, number>();
  const following = new Map<string, number>();
  for (const copy of oldestFirst.toReversed()) {
    const identity = identityOf(copy, policy);
    const end = following.get(identity);
    if (end !== undefined) ends.set(copy, end);
    if (!isFromFuture(datedCopy(copy), policy.now)) following.set(identity, copy.timeCreated);
  }
  return ends;
}

/**
 * The earlier of now and two days after the last run: a clock that is a year ahead must not make all copies expire at once. The
 * last run began the first of the logs that this one has copied.
 */
function trustedNow(own: readonly DatedBinlog[], { now, justCopied }: BinlogPolicy): number {
  const made = own.find(({ key }) => justCopied?.has(key));
  const before = own.findLast(({ key, timeCreated }) => !justCopied?.has(key) && timeCreated <= now);
  const lastRun = Math.max(...[made, before].flatMap((copy) => copy?.timeCreated ?? []));
  return Number.isFinite(lastRun) ? Math.min(now, lastRun + TRUSTED_STEP) : now;
}
