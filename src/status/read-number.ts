import { parseKey } from '../copies/key.ts';
import { parseCopyName } from '../copies/names.ts';
import { type Attributes, isTime } from './entries.ts';

/**
 * What an entry gets whose time is not known: the Python tool reads none without a time, and version 3.3 takes the whole status for empty
 * because of a single 0. The attribute, which it ignores, tells us that 1 is no time.
 */
export const UNKNOWN_TIME = { time: 1, mark: { time_unknown: true } } as const;

/**
 * A time in seconds or an LSN in any form that a version of the Python tool wrote: a whole number, one with a fraction, or digits in a string.
 * Rounded up, so that what we write is never less than what was there. Undefined when it is not known.
 */
export function readNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  const whole = typeof number === 'number' ? Math.ceil(number) : 0;
  return Number.isSafeInteger(whole) && whole > 0 ? whole : undefined;
}

/** A time of an entry; undefined when it is not known. */
export function readTime(value: unknown, { time_unknown }: Attributes): number | undefined {
  const time = readNumber(value);
  if (!isTime(time)) return undefined;
  return time_unknown === true && time === UNKNOWN_TIME.time ? undefined : time;
}

/**
 * When a MySQL copy was begun and finished, in seconds since the epoch: as its entry says, else by its name. The clock of a name may be
 * that of another zone, but no copy is finished before it is begun. Undefined when neither tells.
 */
export function readTimes(
  key: string,
  attributes: Attributes,
): { readonly started: number; readonly finished: number } | undefined {
  const begun = readTime(attributes['backup_started'], attributes);
  const ended = readTime(attributes['backup_finished'], attributes);
  const named = parseCopyName(parseKey(key)?.name ?? '')?.started.getTime();
  const byName = readNumber((named ?? 0) / 1000);
  const started = begun ?? (ended === undefined ? byName : Math.min(byName ?? ended, ended));
  return started === undefined ? undefined : { started, finished: ended ?? started };
}
