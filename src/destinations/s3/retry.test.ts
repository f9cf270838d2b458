import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createRetryStrategy, MAX_ATTEMPTS } from './retry.ts';

const GIVE_UP_MS = 30_000;
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

// Only the clock is not real: attempts lie minutes apart.
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** How many attempts are made when each takes `tookMs` and fails. */
async function countAttempts(
  errorType: 'TRANSIENT' | 'THROTTLING' | 'CLIENT_ERROR',
  tookMs: number,
  onceSilentMs?: number,
): Promise<number> {
  const strategy = createRetryStrategy(GIVE_UP_MS, log, onceSilentMs);
  let token: Parameters<typeof strategy.refreshRetryTokenForRetry>[0] =
    await strategy.acquireInitialRetryToken('');
  for (let attempts = 1; ; attempts++) {
    vi.advanceTimersByTime(tookMs);
    try {
      token = await strategy.refreshRetryTokenForRetry(token, { errorType });
    } catch {
      return attempts;
    }
    vi.advanceTimersByTime(token.getRetryDelay());
  }
}

test('quick failures are retried up to the last attempt, and outlast half a minute at most', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0);
  const before = Date.now();
  expect(await countAttempts('TRANSIENT', 1)).toBe(MAX_ATTEMPTS);
  expect(Date.now() - before).toBeGreaterThan(10_000);
  vi.restoreAllMocks();
  expect(await countAttempts('THROTTLING', 1)).toBe(MAX_ATTEMPTS);
});

test('a server that hangs is given up after three attempts, so below two minutes', async () => {
  const before = Date.now();
  expect(await countAttempts('TRANSIENT', 28_000)).toBe(3);
  expect(Date.now() - before).toBeLessThan(95_000);
});

test('a long upload that breaks off late is still retried', async () => {
  expect(await countAttempts('TRANSIENT', 600_000)).toBe(3);
});

test('a request that may wait for long is sent again after quick failures only', async () => {
  expect(await countAttempts('TRANSIENT', 1_800_000, 1_800_000)).toBe(1);
  expect(await countAttempts('TRANSIENT', 1, 1_800_000)).toBe(MAX_ATTEMPTS);
});

test('a refusal is not asked again', async () => {
  expect(await countAttempts('CLIENT_ERROR', 1)).toBe(1);
});
