import type { Outcome, Report } from './report.ts';

/** One value under a name of the contract, such as `twindb.files.backup_time`. */
export interface Metric {
  readonly name: string;
  readonly value: number;
  /** Whether it is a length of time, in seconds. */
  readonly isTime: boolean;
  /** `key:value` each. */
  readonly tags: readonly string[];
}

/**
 * The metrics of a report, per kind of copy: how long it took, whether it failed, and when it last succeeded. A failed
 * one has no time and no success: a run that gave up early must not look like a fast one.
 */
export function summarise({ outcomes }: Report): Metric[] {
  const groups = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const prefix = `twindb.${outcome.media}.${outcome.work}`;
    groups.set(prefix, [...(groups.get(prefix) ?? []), outcome]);
  }
  return [...groups].flatMap(([prefix, group]) => describeGroup(prefix, group));
}

function describeGroup(prefix: string, group: readonly Outcome[]): Metric[] {
  const tags = [
    ...new Set(group.flatMap((each) => (each.work === 'backup' ? [`run_type:${each.runType}`] : []))),
  ];
  const metric = (suffix: string, value: number, isTime = false): Metric => ({
    name: `${prefix}_${suffix}`,
    value,
    isTime,
    tags,
  });
  if (!group.every(({ succeeded }) => succeeded)) return [metric('failed', 1)];
  const seconds = group.reduce((sum, { duration }) => sum + duration, 0);
  const finished = Math.max(...group.map((each) => each.finished));
  const losses = group.flatMap((each) =>
    each.work === 'recovery' && each.rpo !== undefined ? [each.rpo] : [],
  );
  return [
    metric('time', seconds, true),
    metric('failed', 0),
    metric('last_success', finished),
    ...losses.map((rpo) => metric('rpo', rpo, true)),
  ];
}
