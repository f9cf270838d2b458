import { expect, it } from 'vitest';
import { findStale, type SourceCopy } from './stale-sources.ts';

const HOUR = 3600;
const NOW = 1_800_000_000;
const copy = (source: string, runType: SourceCopy['runType'], hours: number): SourceCopy => ({
  source,
  runType,
  backupStarted: NOW - hours * HOUR,
});

it('the newest copy of each source counts, whatever its run type', () => {
  const copies = [copy('/etc', 'daily', 50), copy('/etc', 'hourly', 26), copy('/srv', 'hourly', 26.1)];
  expect(findStale(['/etc', '/srv', 'mysql'], copies, new Map([['any', 26 * HOUR]]), NOW)).toEqual([
    { source: '/srv', runType: undefined, age: 26.1 * HOUR, maxAge: 26 * HOUR },
    { source: 'mysql', runType: undefined, age: undefined, maxAge: 26 * HOUR },
  ]);
});

it('with a limit for a run type only copies of that type count', () => {
  const copies = [copy('/etc', 'daily', 50), copy('/etc', 'hourly', 1)];
  const limits = new Map([
    ['hourly', 3 * HOUR],
    ['daily', 26 * HOUR],
  ] as const);
  expect(findStale(['/etc'], copies, limits, NOW)).toEqual([
    { source: '/etc', runType: 'daily', age: 50 * HOUR, maxAge: 26 * HOUR },
  ]);
});

it('a copy from the future shows nothing', () => {
  const stale = findStale(['/etc'], [copy('/etc', 'daily', -100)], new Map([['any', HOUR]]), NOW);
  expect(stale).toMatchObject([{ age: undefined }]);
});
