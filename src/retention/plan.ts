import { compareNewestFirst, type DatedCopy, isFromFuture } from './newest-first.ts';

/** What is to become of a copy, and why. */
export interface Decision<C> {
  readonly copy: C;
  readonly keep: boolean;
  readonly reason: string;
}

interface Policy {
  /** How many copies to keep, newest first. */
  readonly count: number;
  /** Keep the newest copy even with a count of 0, so that there is always one to restore. */
  readonly alwaysKeepNewest: boolean;
  /** Seconds since the epoch. */
  readonly now: number;
  /** Key of the copy that was just made. It is the newest, whatever a clock that was wrong has written into others. */
  readonly justMade?: string;
}

/** Decides about copies of one source and one run type; they come back newest first. */
export function planRetention<C extends DatedCopy>(copies: readonly C[], policy: Policy): Decision<C>[] {
  const made = (copy: C) => Number(copy.key === policy.justMade);
  const byAge = compareNewestFirst(policy.now);
  const newestFirst = copies.toSorted((a, b) => made(b) - made(a) || byAge(a, b));
  return newestFirst.map((copy, index) => {
    const order = isFromFuture(copy, policy.now)
      ? 'newest first, those from the future last'
      : 'newest first';
    const rank = `number ${index + 1} of ${copies.length}, ${order}`;
    if (index < policy.count) return { copy, keep: true, reason: `${rank}, ${policy.count} to keep` };
    if (index === 0 && policy.alwaysKeepNewest) {
      return { copy, keep: true, reason: `${policy.count} to keep, but the newest copy always stays` };
    }
    return { copy, keep: false, reason: `${rank}, ${policy.count} to keep` };
  });
}
