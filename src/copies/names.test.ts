import { describe, expect, it } from 'vitest';
import { formatTimestamp, sanitizePath } from './names.ts';
import { isRunType } from './run-type.ts';

describe('names of copies', () => {
  it.each([
    ['/home', '_home'],
    ['/home/x', '_home_x'],
    ['/home//', '_home'],
    ['//', ''],
    ['/', ''],
  ])('%s becomes %j', (path, sanitized) => {
    expect(sanitizePath(path)).toBe(sanitized);
  });

  it('carry local time with leading zeroes', () => {
    expect(formatTimestamp(new Date(2026, 0, 2, 3, 4, 5))).toBe('2026-01-02_03_04_05');
    expect(formatTimestamp(new Date(2026, 11, 31, 23, 59, 59, 999))).toBe('2026-12-31_23_59_59');
  });
});

it('run types are the five of the command line', () => {
  expect(['hourly', 'daily', 'weekly', 'monthly', 'yearly'].every(isRunType)).toBe(true);
  expect(['', 'Daily', 'minutely', 'constructor'].some(isRunType)).toBe(false);
});
