import { type BinlogCopy, compareBinlogNames } from '../copies/binlog-copy.ts';
import type { Decision } from './plan.ts';

const DAY = 24 * 3600;

export interface BinlogPolicy {
  readonly expireLogDays: number;
  /** Seconds since the epoch. */
  readonly now: number;
  /** The server that is being backed up now. */
  readonly serverIdentity: string;
}

/** What expiry needs to know of a copy. */
type DatedBinlog = Pick<BinlogCopy, 'key' | 'binlog' | 'timeCreated' | 'serverIdentity'>;

/**
 * Decides which copies of binlogs are older than `expire_log_days` by the time in their headers (contract: status
 * files). The last copied log of the server at hand always stays: it tells the next run where to go on. The decisions
 * come back oldest first.
 */
export function planBinlogs<C extends DatedBinlog>(
  copies: readonly C[],
  { expireLogDays, now, serverIdentity }: BinlogPolicy,
): Decision<C>[] {
  const oldestFirst = copies.toSorted(
    (a, b) => a.timeCreated - b.timeCreated || compareBinlogNames(a.binlog, b.binlog),
  );
  const last = oldestFirst.findLast((copy) => (copy.serverIdentity ?? serverIdentity) === serverIdentity);
  return oldestFirst.map((copy) => {
    const age = `${((now - copy.timeCreated) / DAY).toFixed(1)} days old, ${expireLogDays} to keep`;
    if (now - copy.timeCreated <= expireLogDays * DAY) return { copy, keep: true, reason: age };
    if (copy === last) {
      return {
        copy,
        keep: true,
        reason: `${age}, but the last copied log always stays: the next run goes on from it`,
      };
    }
    return { copy, keep: false, reason: age };
  });
}
