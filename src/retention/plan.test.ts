import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRetention } from './plan.ts';

const NOW = 1_767_225_600;
const remote = (count: number) => ({ count, alwaysKeepNewest: true, now: NOW });
const local = (count: number) => ({ count, alwaysKeepNewest: false, now: NOW });
const copy = (backupStarted: number, key = `k${backupStarted}`) => ({ key, backupStarted });

function keptKeys(...args: Parameters<typeof planRetention>): string[] {
  return planRetention(...args)
    .filter((decision) => decision.keep)
    .map((decision) => decision.copy.key);
}

describe('the retention plan', () => {
  it('keeps the newest copies, whatever their order', () => {
    expect(keptKeys([copy(2), copy(9), copy(5)], remote(2))).toEqual(['k9', 'k5']);
  });

  it('always leaves the newest remote copy, and says so', () => {
    const [newest, older] = planRetention([copy(1), copy(2)], remote(0));
    expect(newest).toMatchObject({ copy: { key: 'k2' }, keep: true });
    expect(newest?.reason).toContain('the newest copy always stays');
    expect(older).toMatchObject({ copy: { key: 'k1' }, keep: false });
  });

  it('takes the copy just made for the newest, also when a clock was ahead once', () => {
    expect(keptKeys([copy(900), copy(2)], { ...remote(1), justMade: 'k2' })).toEqual(['k2']);
    expect(keptKeys([copy(900), copy(2)], { ...remote(0), justMade: 'k2' })).toEqual(['k2']);
  });

  it('counts copies from the future as the oldest, and says so', () => {
    const [hourAhead, yearAhead] = [
      copy(NOW + 3600, 'hour ahead'),
      copy(NOW + 365 * 24 * 3600, 'year ahead'),
    ];
    const copies = [yearAhead, copy(NOW - 20), hourAhead, copy(NOW - 10)];
    expect(keptKeys(copies, remote(3))).toEqual(['hour ahead', `k${NOW - 10}`, `k${NOW - 20}`]);
    expect(planRetention(copies, remote(3)).at(-1)).toMatchObject({
      copy: yearAhead,
      reason: 'number 4 of 4, newest first, those from the future last, 3 to keep',
    });
    expect(keptKeys([yearAhead], remote(1))).toEqual(['year ahead']);
  });

  it('removes every local copy when none is to be kept', () => {
    expect(keptKeys([copy(1), copy(2)], local(0))).toEqual([]);
  });

  it('gives a reason for each copy', () => {
    expect(planRetention([copy(1), copy(2)], remote(1)).map((decision) => decision.reason)).toEqual([
      'number 1 of 2, newest first, 1 to keep',
      'number 2 of 2, newest first, 1 to keep',
    ]);
  });

  it('decides about each copy once, keeps min(count, all) of them, and none that is older than a removed one', () => {
    const copies = fc.uniqueArray(fc.record({ key: fc.string(), backupStarted: fc.nat(50) }), {
      selector: (each) => each.key,
    });
    fc.assert(
      fc.property(copies, fc.nat(12), (all, count) => {
        const plan = planRetention(all, local(count));
        expect(plan.map((decision) => decision.copy.key).toSorted()).toEqual(
          all.map((each) => each.key).toSorted(),
        );
        const kept = plan.filter((decision) => decision.keep).map((decision) => decision.copy.backupStarted);
        const removed = plan
          .filter((decision) => !decision.keep)
          .map((decision) => decision.copy.backupStarted);
        expect(kept.length).toBe(Math.min(count, all.length));
        expect(Math.max(...removed, -1)).toBeLessThanOrEqual(Math.min(...kept, Infinity));
      }),
    );
  });
});
