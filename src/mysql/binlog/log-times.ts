import type { BinlogContents } from '../../copies/binlog-contents.ts';

/** What is known of when a log was written. Times are in seconds since the epoch. */
export interface TimedLog {
  readonly timeCreated: number | undefined;
  readonly contents?: Pick<BinlogContents, 'firstTime' | 'lastTime' | 'closedTime'> | undefined;
}

/** The times that commits in a log can have had, by the server's clock. */
export interface TimeWindow {
  readonly from: number;
  /** Undefined: nothing tells. */
  readonly to: number | undefined;
}

/**
 * When a log was written, by what it and the next one say. A log is dated by the statement that made the server begin it: where that took long, it
 * was begun after its date, and the log before it was written for longer. Then the first transaction in it tells; its time may be what a session has SET,
 * and is not believed where it is later than the log after it. Where the clock was put back nothing tells.
 */
export function windowOf(log: TimedLog, next?: TimedLog, afterNext?: TimedLog): TimeWindow {
  const from = log.timeCreated ?? 0;
  const begun = next?.timeCreated ?? log.contents?.closedTime;
  if (begun === undefined) return { from, to: undefined };
  const first = next?.contents?.firstTime ?? begun;
  const limit = afterNext?.timeCreated ?? next?.contents?.closedTime ?? first;
  const to = Math.max(begun, first <= limit ? first : begun);
  return { from, to: to < from ? undefined : to };
}

/** The last second of which a log shows that it has all that was written until then; undefined where nothing tells. */
export function lastSecondOf({ timeCreated, contents }: TimedLog, next?: TimedLog): number | undefined {
  const end = next?.timeCreated ?? contents?.closedTime ?? contents?.lastTime;
  return end === undefined ? timeCreated : Math.max(end, timeCreated ?? end);
}
