import type { Media } from '../../copies/key.ts';
import type { RunType } from '../../copies/run-type.ts';
import type { VerifiedMarks } from '../../lock/verified-record.ts';
import { isFromFuture } from '../../retention/newest-first.ts';

/** How many complete copies show the trend. */
const TREND_COPIES = 8;

/** A copy of a source, as its status has it. Times are in seconds since the epoch, sizes in bytes. */
export interface SummarisedCopy {
  readonly key: string;
  readonly media: Media;
  /** The directory; `mysql` and `binlog` for the server's. */
  readonly source: string;
  /** Undefined: of a binary log. */
  readonly runType: RunType | undefined;
  /** When it was begun. */
  readonly started: number;
  /** Up to when it shows that all went well: when it was finished; of a binary log, the last time in it. */
  readonly finished: number;
  /** As it is stored; undefined where the Python tool made it. */
  readonly size: number | undefined;
  /** Whether sizes of such copies can be compared: an incremental copy or a log says nothing of the size of the data. */
  readonly isComplete: boolean;
}

export interface SizeAt {
  readonly finished: number;
  readonly size: number;
}

/** What there is to say of a source at a glance. */
export interface SourceSummary {
  readonly media: Media;
  readonly source: string;
  /** Whether this host is configured to back it up; undefined of another host. */
  readonly isConfigured: boolean | undefined;
  /** Whether the newest copy is older than it may be; undefined where nothing says how old that is. */
  readonly isLate: boolean | undefined;
  /** Copies at the destination. */
  readonly copies: number;
  readonly newest: SummarisedCopy | undefined;
  /** Of the last complete copies, the oldest first. */
  readonly sizes: readonly SizeAt[];
  /** By what part of the oldest of those the newest is larger: 0.1 is a tenth; undefined where there are not two. */
  readonly growth: number | undefined;
  /** Undefined: this machine has verified none. */
  readonly verified: VerifiedMarks | undefined;
}

/** What the copies of one source, in any order, tell at `now`. Those from the future count only where there are no others. */
export function summariseCopies(
  copies: readonly SummarisedCopy[],
  now: number,
): Pick<SourceSummary, 'copies' | 'newest' | 'sizes' | 'growth'> {
  const isFuture = (copy: SummarisedCopy) => isFromFuture({ backupStarted: copy.started }, now);
  const dated = copies.some((copy) => !isFuture(copy)) ? copies.filter((copy) => !isFuture(copy)) : copies;
  const oldestFirst = dated.toSorted((a, b) => a.started - b.started || (a.key < b.key ? -1 : 1));
  const sizes = oldestFirst
    .flatMap(({ finished, size, isComplete }) =>
      isComplete && size !== undefined ? [{ finished, size }] : [],
    )
    .slice(-TREND_COPIES);
  const [first, last] = [sizes[0], sizes.at(-1)];
  const growth =
    sizes.length < 2 || first === undefined || last === undefined || first.size === 0
      ? undefined
      : (last.size - first.size) / first.size;
  return { copies: copies.length, newest: oldestFirst.at(-1), sizes, growth };
}
