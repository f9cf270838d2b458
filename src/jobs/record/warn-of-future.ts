import { quoteLocation } from '../../copies/quote-location.ts';
import { type DatedCopy, isFromFuture } from '../../retention/newest-first.ts';
import { toSeconds } from '../../units.ts';
import type { JobContext } from '../job-context.ts';

/** What such a date means for each kind of copies. */
const CONSEQUENCES = {
  files: 'Retention counts such copies as the oldest',
  mysql: 'Retention counts such copies as the oldest',
  binlog: 'Such copies of binary logs are kept until that date and expire_log_days have passed',
} as const;

/** Warns of copies on the destination that are dated after now: a clock was wrong, or is. */
export function warnOfFuture(
  kind: keyof typeof CONSEQUENCES,
  copies: readonly DatedCopy[],
  { destination, now, warnLasting }: Pick<JobContext, 'destination' | 'now' | 'warnLasting'>,
): void {
  const [first, ...others] = copies.filter((copy) => isFromFuture(copy, toSeconds(now())));
  if (first === undefined) return;
  const date = new Date(first.backupStarted * 1000).toISOString();
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  warnLasting(
    `future ${kind}`,
    `${quoteLocation(destination.locate(first.key))} is dated in the future (${date})${more}: the clock of this machine was ahead, or is behind now. ` +
      `${CONSEQUENCES[kind]}. Compare the clock with another one`,
    // Retention takes one after the other away.
    kind,
  );
}
