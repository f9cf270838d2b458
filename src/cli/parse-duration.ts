import { InvalidArgumentError } from 'commander';

/** Seconds in each unit; a number alone is seconds. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86_400],
]);

/**
 * Reads a length of time, `90m`, `2d` or `3600`, as seconds for an option of the command line. `max` is in days. Throws
 * commander's error, which it turns into a message about the option.
 */
export function parseDuration(text: string, maxDays: number): number {
  const match = /^([0-9]+) ?([smhd]?)$/i.exec(text);
  const seconds = Number(match?.[1]) * (UNITS.get((match?.[2] ?? '').toLowerCase()) ?? Number.NaN);
  if (seconds >= 1 && seconds <= maxDays * 86_400) return seconds;
  throw new InvalidArgumentError(
    `It must be a time such as 90m, 12h, 2d or 3600 (seconds), at most ${maxDays} days.`,
  );
}
