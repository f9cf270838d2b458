import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { asOneLine } from '../../foreign-text.ts';
import type { Log } from '../../log.ts';
import { readFailure } from './errors.ts';
import { serverWords } from './explain-refusal.ts';

/** The SDK's own interface for retries; the package that declares it is not one of ours. */
type RetryStrategy = Extract<
  Exclude<S3ClientConfig['retryStrategy'], undefined>,
  { acquireInitialRetryToken: unknown }
>;
type RetryToken = Awaited<ReturnType<RetryStrategy['refreshRetryTokenForRetry']>>;

/** Attempts in all; with the delays below an outage of half a minute is survived. */
export const MAX_ATTEMPTS = 8;

/** A server that hangs takes its time for every attempt: after these, `giveUpMs` counts. */
export const MIN_ATTEMPTS = 3;

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 10_000;

/** Milliseconds before attempt `count + 1`: exponential, with jitter so that parallel parts don't knock together. */
export function backoff(count: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (count - 1)) * (0.5 + Math.random() / 2);
}

/**
 * Retries what the SDK takes for transient: 5xx, throttling, resets, timeouts.
 *
 * Not the SDK's own strategy: that one gives up after about three seconds, shorter than any restart of a server, and
 * shares one budget among all requests, which a long backup over a bad line uses up. This one ends after
 * MAX_ATTEMPTS, or `giveUpMs` after the first failure; and after an attempt that alone took `onceSilentMs`.
 */
export function createRetryStrategy(
  giveUpMs: number,
  log: Log,
  onceSilentMs = Number.POSITIVE_INFINITY,
): RetryStrategy {
  // The SDK hands back the very token that it was given, and asks nothing else of it.
  const firstFailures = new WeakMap<object, number>();
  const beginnings = new WeakMap<object, number>();
  return {
    async acquireInitialRetryToken() {
      const first = createToken(0, 0);
      beginnings.set(first, Date.now());
      return first;
    },
    async refreshRetryTokenForRetry(token, { errorType, error }) {
      const count = token.getRetryCount() + 1;
      const firstFailure = firstFailures.get(token) ?? Date.now();
      const wasSilent = Date.now() - (beginnings.get(token) ?? Number.POSITIVE_INFINITY) >= onceSilentMs;
      const isLate = wasSilent || (count >= MIN_ATTEMPTS && Date.now() - firstFailure > giveUpMs);
      const isTransient = errorType === 'TRANSIENT' || errorType === 'THROTTLING';
      if (!isTransient || count >= MAX_ATTEMPTS || isLate) throw new Error('no further attempt');
      const delay = backoff(count);
      const reason = asOneLine(serverWords(readFailure(error)));
      log.debug(`S3: attempt ${count} failed (${reason}), the next one in ${Math.round(delay)} ms`);
      const next = createToken(count, delay);
      firstFailures.set(next, firstFailure);
      beginnings.set(next, Date.now() + delay);
      return next;
    },
    recordSuccess() {},
  };
}

function createToken(count: number, delay: number): RetryToken {
  return { getRetryCount: () => count, getRetryDelay: () => delay };
}
