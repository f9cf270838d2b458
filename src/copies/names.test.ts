import { describe, expect, it } from 'vitest';
import { formatTimestamp, parseCopyName, sanitizePath } from './names.ts';
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

describe('the name of a copy, taken apart', () => {
  const started = new Date(2026, 0, 31, 9, 5, 7);

  it.each([
    ['_etc-2026-01-31_09_05_07.tar.gz', { base: '_etc', started, format: 'tar' }],
    [
      '_a-2020-01-01_00_00_00-2026-01-31_09_05_07.tar.zst.gpg',
      { base: '_a-2020-01-01_00_00_00', started, format: 'tar' },
    ],
    ['-2026-01-31_09_05_07.tar.bz', { base: '', started, format: 'tar' }],
    ['_new\nline-2026-01-31_09_05_07.tar', { base: '_new\nline', started, format: 'tar' }],
    ['mysql-2026-01-31_09_05_07.xbstream.gz', { base: 'mysql', started, format: 'xbstream' }],
  ])('%j', (name, parts) => {
    expect(parseCopyName(name)).toEqual(parts);
  });

  it.each([
    'etc.tar.gz',
    '_etc-2026-01-31.tar.gz',
    '_etc-2026-13-31_09_05_07.tar',
    '_etc-2026-02-30_09_05_07.tar',
    '_etc-2026-01-31_09_05_07.zip',
  ])('is not one of ours: %s', (name) => {
    expect(parseCopyName(name)).toBeUndefined();
  });
});
