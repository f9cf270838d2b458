import { describe, expect, it } from 'vitest';
import { planBinlogs } from './plan-binlogs.ts';

const DAY = 86_400;
const NOW = 100 * DAY;

function copyOf(binlog: string, daysAgo: number, serverIdentity: string | undefined = 'a', key = binlog) {
  return { key, binlog, timeCreated: NOW - daysAgo * DAY, serverIdentity };
}

function plan(copies: Parameters<typeof planBinlogs>[0], expireLogDays = 7) {
  return planBinlogs(copies, { expireLogDays, now: NOW, serverIdentity: 'a' });
}

function removed(...args: Parameters<typeof plan>): string[] {
  return plan(...args)
    .filter(({ keep }) => !keep)
    .map(({ copy }) => copy.key);
}

describe('the expiry of binlogs', () => {
  it('removes what is older than the days to keep, by the time in the header and not by the name', () => {
    const copies = [
      copyOf('b.000003', 1),
      copyOf('b.000009', 7.1),
      copyOf('b.000001', 7),
      copyOf('b.000002', 8),
    ];
    expect(removed(copies)).toEqual(['b.000002', 'b.000009']);
  });

  it('tells old logs of a name from new ones after RESET MASTER', () => {
    const copies = [copyOf('b.000001', 20), copyOf('b.000001', 1, 'a', 'b.000001.8553600')];
    expect(removed(copies)).toEqual(['b.000001']);
  });

  it('always leaves the last copied log of this server, and says so', () => {
    const copies = [copyOf('b.999999', 30), copyOf('b.1000000', 30), copyOf('b.000500', 20, 'old')];
    expect(removed(copies)).toEqual(['b.999999', 'b.000500']);
    expect(plan(copies)[1]?.reason).toBe(
      '30.0 days old, 7 to keep, but the last copied log always stays: the next run goes on from it',
    );
  });

  it('counts copies of the Python tool, which recorded no server, as those of this one', () => {
    expect(
      removed([copyOf('b.000001', 30), { ...copyOf('b.000002', 30), serverIdentity: undefined }]),
    ).toEqual(['b.000001']);
  });

  it('with 0 days to keep removes all but the last', () => {
    expect(removed([copyOf('b.000001', 0.2), copyOf('b.000002', 0.1)], 0)).toEqual(['b.000001']);
  });
});
