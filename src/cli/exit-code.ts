import { constants } from 'node:os';
import { ConfigError, firstErrorOf, InterruptedError, UsageError } from '../errors.ts';

/** What the process tells its caller (contract: command line). */
export const EXIT = {
  success: 0,
  failure: 1,
  usage: 2,
  /** EX_CONFIG of sysexits.h. */
  config: 78,
} as const;

/** 128 + the signal's number is what a shell reports for a process that a signal ended. */
const SIGNAL_BASE = 128;

/** The exit code for an error that ended the work; what failed on top of it, while it cleaned up, does not count. */
export function exitCodeOf(error: unknown): number {
  const first = firstErrorOf(error);
  if (first instanceof InterruptedError) return SIGNAL_BASE + constants.signals[first.signal];
  if (first instanceof UsageError) return EXIT.usage;
  return first instanceof ConfigError ? EXIT.config : EXIT.failure;
}
