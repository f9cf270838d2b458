import { describe, expect, it } from 'vitest';
import { watchCleanUp } from './clean-up-watch.ts';

/** Watches a clean-up that takes so much processor time in each second; returns the second in which it is given up, and why. */
function follow(cpuPerSecond: number): string {
  const watch = watchCleanUp({ now: 5000, cpu: 700_000 });
  for (let second = 1; second <= 100; second += 1) {
    const reason = watch({ now: 5000 + second * 1000, cpu: 700_000 + second * cpuPerSecond });
    if (reason !== undefined) return `${reason} after ${second} s`;
  }
  return 'never';
}

describe('cleaning up', () => {
  it('is given up after 10 seconds in which nothing happens but timers', () => {
    expect(follow(0)).toBe('stuck after 10 s');
    expect(follow(1_000)).toBe('stuck after 10 s');
  });

  it('has 60 seconds while it makes progress', () => {
    expect(follow(20_000)).toBe('late after 60 s');
  });
});
