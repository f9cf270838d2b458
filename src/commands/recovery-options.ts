import { TwinDbError } from '../errors.ts';
import type { PositionTarget, RecoveryTarget, TimeTarget } from '../mysql/binlog/recovery-target.ts';

/** The options that say up to where binary logs are replayed, as the command line reads them. */
export interface TargetOptions {
  readonly toTime?: TimeTarget;
  readonly toGtid?: RecoveryTarget;
  readonly toPosition?: PositionTarget;
  readonly toLatest?: boolean;
}

/** Up to where binary logs are replayed; undefined: not at all. */
export function readTarget({
  toTime,
  toGtid,
  toPosition,
  toLatest,
}: TargetOptions): RecoveryTarget | undefined {
  return toTime ?? toGtid ?? toPosition ?? (toLatest === true ? { kind: 'latest' } : undefined);
}

/** Options of `restore mysql` that mean something only with another one. */
export interface PlanOptions {
  readonly moreLogs?: string;
  readonly plan?: boolean;
  readonly json?: boolean;
  readonly before?: Date;
}

/** Throws a TwinDbError when an option has no effect beside the others: what it asks for would be missing in silence. */
export function requireUsed(
  target: RecoveryTarget | undefined,
  { moreLogs, plan, json, before }: PlanOptions,
): void {
  const needs = (option: string, other: string) =>
    new TwinDbError(`${option} is for ${other}, and nothing is restored`, {
      remedy: `Add ${other}, or leave out ${option}.`,
    });
  const aTarget = 'a target (--to-time, --to-gtid, --to-position, --to-latest)';
  if (target === undefined && moreLogs !== undefined) throw needs('--more-logs', aTarget);
  if (target === undefined && plan) throw needs('--plan', aTarget);
  if (json && !plan) throw needs('--json', '--plan');
  if (target !== undefined && before !== undefined) {
    throw new TwinDbError('--before is for restores without a target, and nothing is restored', {
      remedy:
        'Leave it out: the newest copy before the target is taken. To begin with an older one, name it.',
    });
  }
}
