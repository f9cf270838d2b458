import { endsWithGtid, hasGtid, holdsGtid } from '../../mysql/binlog/gtid-text.ts';
import { windowOf } from '../../mysql/binlog/log-times.ts';
import type { PositionTarget, RecoveryTarget } from '../../mysql/binlog/recovery-target.ts';
import type { Track } from './chain-of-logs.ts';
import type { RecoveryLog } from './recovery-plan.ts';

/** How a copy and its logs relate to a target, as far as the statuses tell. */
export type Fit =
  /** The target is in the last of the first `needed` logs; 0: the copy ends at it. */
  | { readonly kind: 'fits'; readonly needed: number }
  /** The copy holds what must not be included. */
  | { readonly kind: 'too-late' }
  /** The logs end before the target. */
  | { readonly kind: 'too-short' }
  /** Nothing in the logs is the target. */
  | { readonly kind: 'not-there' };

/** Whether a target can be reached from a copy. Times are hints only: the search in the logs decides. */
export function fitTarget(track: Track, target: RecoveryTarget, logOfPosition?: RecoveryLog): Fit {
  const { copy, logs, start } = track;
  switch (target.kind) {
    case 'latest':
      return { kind: 'fits', needed: logs.length };
    case 'time':
      return fitTime(track, Math.floor(target.at / 1_000_000));
    case 'gtid':
      if (copy.gtid !== undefined && endsWithGtid(copy.gtid, target.gtid)) return { kind: 'fits', needed: 0 };
      if (copy.gtid !== undefined && holdsGtid(copy.gtid, target.gtid)) return { kind: 'too-late' };
      return inLog(logs.findIndex((log) => mayHaveGtid(log, target.gtid)));
    case 'position': {
      if (
        start.binlog === target.binlog &&
        start.position === target.position &&
        isSame(track, logOfPosition)
      )
        return { kind: 'fits', needed: 0 };
      const index = logs.findIndex((log) =>
        logOfPosition === undefined ? isCalled(log, target) : log === logOfPosition,
      );
      return index === 0 && target.position < start.position ? { kind: 'too-late' } : inLog(index);
    }
  }
}

/** Whether a position names a log: by the server's name, or by that of its copy. */
export function isCalled({ binlog, name }: RecoveryLog, { binlog: wanted }: PositionTarget): boolean {
  return binlog === wanted || name === wanted;
}

/** Whether a transaction is in a log, as far as is known. */
export function mayHaveGtid({ contents }: RecoveryLog, gtid: string): boolean {
  const { gtidStart, gtidEnd } = contents ?? {};
  return (
    gtidStart !== undefined && gtidEnd !== undefined && hasGtid(gtidEnd, gtid) && !hasGtid(gtidStart, gtid)
  );
}

function inLog(index: number): Fit {
  return index < 0 ? { kind: 'not-there' } : { kind: 'fits', needed: index + 1 };
}

/** The log that the copy ends in may not have been copied; then only the name tells. */
function isSame({ logs: [first] }: Track, log: RecoveryLog | undefined): boolean {
  return log === undefined || first === undefined || first === log;
}

/**
 * The first second, since the epoch, that can be named as a target. A copy ends a moment before it is finished, and times have whole seconds: for the
 * second in which it was finished it may be too late.
 */
export function firstSecondOf({
  copy,
  logs,
}: {
  readonly copy: Pick<Track['copy'], 'backupFinished'>;
  readonly logs: readonly unknown[];
}): number {
  return logs.length === 0 ? copy.backupFinished : copy.backupFinished + 1;
}

function fitTime({ copy, logs }: Track, seconds: number): Fit {
  if (seconds <= copy.backupFinished) return { kind: 'too-late' };
  const index = logs.findIndex((log, at) => {
    const { to } = windowOf(log, logs[at + 1], logs[at + 2]);
    return to === undefined || to >= seconds;
  });
  return index < 0 ? { kind: 'too-short' } : { kind: 'fits', needed: index + 1 };
}
