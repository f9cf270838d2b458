import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

/** How long bytes that could have gone, and did not, are made up for, in milliseconds: timers are late, and sources have pauses. */
const CREDIT_MS = 200;

/** What is let through at once lasts this long, in milliseconds. */
const PIECE_MS = 50;

const MAX_PIECE = 1 << 20;

/** Where a limit has the time from; tests have their own. */
export interface Clock {
  /** Milliseconds; never goes back. */
  now(): number;
  /** Rejects as soon as the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<unknown>;
}

const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) => delay(ms, undefined, { signal }),
};

/** One rate that all streams share which go through it. */
export interface RateLimit {
  /** Bytes that a stream had best let through at once. */
  readonly pieceSize: number;
  /** Resolves when this many bytes may go; rejects as soon as the signal aborts. */
  pass(bytes: number, signal: AbortSignal): Promise<void>;
}

/**
 * A limit of so many bytes a second, however many streams share it: over any time no more than that goes through, but for what
 * `CREDIT_MS` hold. Each stream that asks gets its turn in the order in which they ask.
 */
export function createRateLimit(bytesPerSecond: number, clock = SYSTEM_CLOCK): RateLimit {
  /** When all that was let through so far has had its time. */
  let busyUntil = clock.now();
  return {
    pieceSize: Math.min(MAX_PIECE, Math.ceil((bytesPerSecond * PIECE_MS) / 1000)),
    async pass(bytes, signal) {
      const now = clock.now();
      busyUntil = Math.max(busyUntil, now - CREDIT_MS) + (bytes * 1000) / bytesPerSecond;
      if (busyUntil > now) await clock.sleep(busyUntil - now, signal);
    },
  };
}
