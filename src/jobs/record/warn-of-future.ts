import { quoteLocation } from '../../copies/quote-location.ts';
import type { Kind, RecordedCopy } from '../../kinds/kind.ts';
import { isFromFuture } from '../../retention/newest-first.ts';
import type { Status } from '../../status/entries.ts';
import { toSeconds } from '../../units.ts';
import type { JobContext } from '../job-context.ts';

/** Warns of copies in the status of the destination that are dated after now: a clock was wrong, or is. */
export function warnOfFuture<C extends RecordedCopy>(
  kind: Kind<C>,
  status: Status,
  { destination, now, warnLasting }: Pick<JobContext, 'destination' | 'now' | 'warnLasting'>,
): void {
  const { media, futureMeans } = kind;
  const [first, ...others] = kind
    .copies(status)
    .map((copy) => kind.dated(copy))
    .filter((copy) => isFromFuture(copy, toSeconds(now())));
  if (first === undefined) return;
  const date = new Date(first.backupStarted * 1000).toISOString();
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  warnLasting(
    `future ${media}`,
    `${quoteLocation(destination.locate(first.key))} is dated in the future (${date})${more}: the clock of this machine was ahead, or is behind now. ` +
      `${futureMeans}. Compare the clock with another one`,
    // Retention takes one after the other away.
    media,
  );
}
