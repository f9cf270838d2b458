import { keepLocalKey } from '../copies/keep-local-key.ts';
import { quoteLocation } from '../copies/quote-location.ts';
import type { RecoveryLog, RecoveryPlan } from '../jobs/recover/recovery-plan.ts';
import { describeChainEnd, describeEnd, describeTarget } from '../jobs/recover/target-problems.ts';
import { formatMoment, formatSecond } from '../mysql/binlog/format-moment.ts';
import { formatBytes } from '../units.ts';

/** A plan for people, a line each. */
export function planAsText(plan: RecoveryPlan): string[] {
  const { target, base, copy, logs, needed, end, passedOver, reachable, sizes } = plan;
  const used = logs.slice(0, needed);
  const unread = used.filter(({ contents }) => contents === undefined).length;
  const full = base.full[0]?.object.key;
  const continued =
    base.incremental === undefined || full === undefined ? '' : `, which continues ${quoteLocation(full)}`;
  return [
    `Target:    ${describeTarget(target)}`,
    ...passedOver.map(({ key, problem }) => `Not used:  ${quoteLocation(key)}: ${problem}`),
    `Base:      ${quoteLocation(keepLocalKey(copy.key))}, ${copy.type}${continued}`,
    `           ends at ${describeEnd(copy)}`,
    `Logs:      ${describeLogs(used)}`,
    ...(unread === 0
      ? []
      : [
          `           of ${unread} of them the status does not say what is in it: they are read before the restore`,
        ]),
    `Reachable: ${formatSecond(reachable.first)} to ${reachable.last === undefined ? 'an unknown time' : formatSecond(reachable.last)}, with this base`,
    `End:       ${describeChainEnd({ copy, end })}`,
    `To fetch:  ${formatBytes(sizes.copies)} of copies, ${formatBytes(sizes.logs)} of logs`,
  ];
}

function describeLogs(logs: readonly RecoveryLog[]): string {
  const [first, last] = [logs[0], logs.at(-1)];
  if (first === undefined || last === undefined) return 'none';
  return first === last
    ? quoteLocation(first.key)
    : `${logs.length}, ${quoteLocation(first.key)} to ${quoteLocation(last.key)}`;
}

/** The documented shape of `restore mysql --plan --json`; see docs/usage.md. */
export function planAsJson(plan: RecoveryPlan): object {
  const { target, base, copy, start, logs, needed, end, passedOver, reachable, sizes } = plan;
  return {
    target: targetAsJson(target),
    base: {
      key: keepLocalKey(copy.key),
      type: copy.type,
      full: keepLocalKey(base.full[0]?.object.key ?? ''),
      backup_finished: formatSecond(copy.backupFinished),
      binlog: start.binlog,
      position: start.position,
      gtid: start.gtid ?? null,
    },
    logs: logs.slice(0, needed).map(logAsJson),
    not_used: passedOver,
    reachable: {
      first: formatSecond(reachable.first),
      last: reachable.last === undefined ? null : formatSecond(reachable.last),
    },
    end: { after: end.after?.key ?? null, reason: end.reason, gap: end.isGap },
    size: sizes,
  };
}

function targetAsJson(target: RecoveryPlan['target']): object {
  return target.kind === 'time'
    ? { time: formatMoment(target.at), assumed_zone: target.assumedZone ?? null }
    : target.kind === 'gtid'
      ? { gtid: target.gtid }
      : target.kind === 'position'
        ? { binlog: target.binlog, position: target.position }
        : { latest: true };
}

function logAsJson({ key, binlog, size, timeCreated, contents }: RecoveryLog): object {
  const time = (seconds: number | undefined) => (seconds === undefined ? null : formatSecond(seconds));
  return {
    key,
    binlog,
    size,
    time_created: time(timeCreated),
    closed_time: time(contents?.closedTime),
    gtid_start: contents?.gtidStart ?? null,
    gtid_end: contents?.gtidEnd ?? null,
  };
}
