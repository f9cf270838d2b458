import { InvalidArgumentError } from 'commander';
import { parseTime } from '../units.ts';

/**
 * Reads a length of time, `90m`, `2d` or `3600`, as seconds for an option of the command line. `max` is in days. Throws
 * commander's error, which it turns into a message about the option.
 */
export function parseDuration(text: string, maxDays: number): number {
  const seconds = parseTime(text);
  if (seconds >= 1 && seconds <= maxDays * 86_400) return seconds;
  throw new InvalidArgumentError(
    `It must be a time such as 90m, 12h, 2d or 3600 (seconds), at most ${maxDays} days.`,
  );
}
