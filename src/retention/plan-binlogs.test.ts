import { describe, expect, it } from 'vitest';
import { type BinlogPolicy, planBinlogs } from './plan-binlogs.ts';

const DAY = 86_400;
const NOW = 100 * DAY;

/** The copy of a log that was begun so many days ago. */
function copyOf(binlog: string, daysAgo: number, serverIdentity: string | undefined = 'a', key = binlog) {
  return { key, binlog, timeCreated: NOW - daysAgo * DAY, serverIdentity };
}

function plan(copies: Parameters<typeof planBinlogs>[0], changes: Partial<BinlogPolicy> = {}) {
  return planBinlogs(copies, {
    expireLogDays: 7,
    now: NOW,
    serverIdentity: 'a',
    justCopied: new Set(),
    ...changes,
  });
}

function removed(...args: Parameters<typeof plan>): string[] {
  return plan(...args)
    .filter(({ keep }) => !keep)
    .map(({ copy }) => copy.key);
}

function reasonFor(key: string, ...args: Parameters<typeof plan>): string | undefined {
  return plan(...args).find(({ copy }) => copy.key === key)?.reason;
}

describe('the expiry of binlogs', () => {
  it('removes those that ended before the days to keep: the next one was begun then, whatever its name', () => {
    const copies = [
      copyOf('b.000003', 1),
      copyOf('b.000009', 7.1),
      copyOf('b.000001', 9),
      copyOf('b.000002', 8),
    ];
    expect(removed(copies)).toEqual(['b.000001', 'b.000002']);
    expect(reasonFor('b.000002', copies)).toBe('ended 7.1 days ago, 7 to keep');
  });

  it('leaves a pinned one', () => {
    const pinned = { ...copyOf('b.000001', 9), pin: { at: NOW, reason: undefined } };
    const copies = [pinned, copyOf('b.000002', 8), copyOf('b.000003', 7.1), copyOf('b.000004', 1)];
    expect(removed(copies)).toEqual(['b.000002']);
    expect(reasonFor('b.000001', copies)).toBe('ended 8.0 days ago, 7 to keep, but it is pinned');
  });

  it('keeps a log that was written for weeks until its end is old enough', () => {
    const copies = [copyOf('b.000001', 30), copyOf('b.000002', 6.9), copyOf('b.000003', 0)];
    expect(removed(copies)).toEqual([]);
    expect(reasonFor('b.000001', copies)).toBe('ended 6.9 days ago, 7 to keep');
  });

  it('counts the end of a log by the logs of its own server', () => {
    const copies = [copyOf('b.000001', 30, 'old'), copyOf('b.000002', 20, 'old'), copyOf('b.000001', 1)];
    expect(removed([copyOf('x.1', 30), copyOf('y.1', 20, 'old'), copyOf('x.2', 1)])).toEqual(['y.1']);
    expect(removed(copies)).toEqual(['b.000001', 'b.000002']);
  });

  it('tells old logs of a name from new ones after RESET MASTER', () => {
    const copies = [
      copyOf('b.000001', 20),
      copyOf('b.000001', 10, 'a', 'b.000001.7776000'),
      copyOf('b.000002', 1),
    ];
    expect(removed(copies)).toEqual(['b.000001']);
  });

  it('always leaves the last copied log of this server, and says so', () => {
    const copies = [copyOf('b.999999', 2), copyOf('b.1000000', 2), copyOf('b.000500', 2, 'old')];
    expect(removed(copies, { expireLogDays: 1 })).toEqual(['b.000500', 'b.999999']);
    expect(reasonFor('b.1000000', copies, { expireLogDays: 1 })).toBe(
      'ended 2.0 days ago, 1 to keep, but the last copied log always stays: the next run continues from it',
    );
  });

  it('never removes a log in the run that copied it', () => {
    const copies = [30, 20, 10, 2, 0].map((daysAgo) => copyOf(`b.0000${40 - daysAgo}`, daysAgo));
    const justCopied = new Set(['b.000020', 'b.000030', 'b.000040']);
    expect(removed(copies, { justCopied })).toEqual(['b.000010']);
    expect(reasonFor('b.000020', copies, { justCopied })).toBe(
      'ended 10.0 days ago, 7 to keep, but this run has copied it',
    );
  });

  it('counts copies of the Python tool, which recorded no server, as those of this one', () => {
    const python = { ...copyOf('b.000002', 20), serverIdentity: undefined };
    expect(removed([copyOf('b.000001', 30), python, copyOf('b.000003', 10), copyOf('b.000004', 0)])).toEqual([
      'b.000001',
      'b.000002',
    ]);
  });

  it('with 0 days to keep removes all but the last', () => {
    expect(removed([copyOf('b.000001', 0.2), copyOf('b.000002', 0.1)], { expireLogDays: 0 })).toEqual([
      'b.000001',
    ]);
  });
});

describe('the expiry of binlogs by a clock that was wrong', () => {
  const hourly = [4, 3, 2, 1].map((days) => copyOf(`b.00000${5 - days}`, days));

  it('counts from two days after the last run when it is a year ahead', () => {
    const year = { now: NOW + 365 * DAY };
    // The last run began the log that this one has copied; without one, the newest copy shows when it was.
    const copied = [...hourly, copyOf('b.000005', 0), copyOf('b.000006', -365)];
    expect(removed(copied, { ...year, justCopied: new Set(['b.000005', 'b.000006']) })).toEqual([]);
    expect(removed(hourly, year)).toEqual([]);
    expect(removed(hourly, { ...year, expireLogDays: 3 })).toEqual(['b.000001']);
  });

  it('counts from now when the last run was less than two days ago', () => {
    const copies = [...hourly, copyOf('b.000005', 0)];
    expect(
      removed(copies, { now: NOW + 1.5 * DAY, expireLogDays: 4, justCopied: new Set(['b.000005']) }),
    ).toEqual(['b.000001']);
  });

  it('keeps logs that are dated in the future, and neither ends others by them nor takes one for the last', () => {
    const ahead = copyOf('b.000005', -365);
    const copies = [copyOf('b.000003', 2), copyOf('b.000004', 1.5), ahead];
    expect(removed(copies, { expireLogDays: 1 })).toEqual(['b.000003']);
    expect(removed([copyOf('b.000001', 20), ahead, copyOf('b.000006', 1), copyOf('b.000007', 0)])).toEqual(
      [],
    );
  });
});
