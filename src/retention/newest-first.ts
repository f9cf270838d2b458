/** What puts copies in order. */
export interface DatedCopy {
  readonly key: string;
  /** Seconds since the epoch. */
  readonly backupStarted: number;
}

/** A clock is set back by some minutes now and then; that is no reason to distrust a copy. Seconds. */
const TOLERANCE = 3600;

/** Whether a copy is dated after `now`, in seconds since the epoch: the clock was ahead when it was made, or is behind today. */
export function isFromFuture({ backupStarted }: Pick<DatedCopy, 'backupStarted'>, now: number): boolean {
  return backupStarted > now + TOLERANCE;
}

/**
 * The order of retention and of `latest`. A copy from the future comes after all others: it may be of any age, and must not push
 * out those made since. Of copies of one time the one with the greater key comes first.
 */
export function compareNewestFirst(now: number): (a: DatedCopy, b: DatedCopy) => number {
  return (a, b) =>
    Number(isFromFuture(a, now)) - Number(isFromFuture(b, now)) ||
    b.backupStarted - a.backupStarted ||
    (a.key < b.key ? 1 : -1);
}
