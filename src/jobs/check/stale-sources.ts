import type { MaxAges } from '../../config/kinds.ts';
import type { RunType } from '../../copies/run-type.ts';
import { isFromFuture } from '../../retention/newest-first.ts';

/** A copy of something that the configuration backs up. */
export interface SourceCopy {
  /** The directory, or `mysql`. */
  readonly source: string;
  readonly runType: RunType;
  /** Seconds since the epoch. */
  readonly backupStarted: number;
}

/** Something whose newest copy is too old, or that has none. */
export interface StaleSource {
  readonly source: string;
  /** Undefined: of any run type. */
  readonly runType: RunType | undefined;
  /** Seconds; undefined: there is no copy. A copy is as old as the beginning of its backup. */
  readonly age: number | undefined;
  /** Seconds. */
  readonly maxAge: number;
}

/** The sources whose newest copy is older than its limit at `now`, in seconds. Copies from the future count for nothing. */
export function findStale(
  sources: readonly string[],
  copies: readonly SourceCopy[],
  limits: MaxAges,
  now: number,
): StaleSource[] {
  const dated = copies.filter((copy) => !isFromFuture(copy, now));
  return sources.flatMap((source) =>
    [...limits].flatMap(([limited, maxAge]) => {
      const runType = limited === 'any' ? undefined : limited;
      const times = dated
        .filter((copy) => copy.source === source && (runType === undefined || copy.runType === runType))
        .map(({ backupStarted }) => backupStarted);
      const age = times.length === 0 ? undefined : now - times.reduce((a, b) => Math.max(a, b));
      return age !== undefined && age <= maxAge ? [] : [{ source, runType, age, maxAge }];
    }),
  );
}
