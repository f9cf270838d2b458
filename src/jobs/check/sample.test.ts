import { describe, expect, it } from 'vitest';
import { chooseSample, type Sample } from './sample.ts';

const namesOf = (count: number) => Array.from({ length: count }, (_, index) => `db1/daily/files/${index}`);
const day = (index: number) => new Date(Date.UTC(2026, 0, 1 + index, 5, 30));

/** How many runs, one in so many days, it takes at most until every copy was read. */
function runsUntilAllRead(names: readonly string[], sample: Sample, interval: number): number {
  const lengths = Array.from({ length: 7 }, (_, first) => {
    const read = new Set<string>();
    let runs = 0;
    for (; read.size < names.length && runs < 1000; runs += 1) {
      for (const name of chooseSample(names, sample, day(first + runs * interval))) read.add(name);
    }
    return runs;
  });
  return Math.max(...lengths);
}

describe('a sample of the copies', () => {
  it.each([
    [{ parts: 20 }, 1, 1],
    [{ parts: 20 }, 40, 2],
    [{ parts: 20 }, 10, 1],
    [{ count: 5 }, 40, 5],
    [{ count: 5 }, 3, 3],
    [{ count: 5 }, 0, 0],
  ])('%o of %i copies are %i', (sample, count, size) => {
    expect(chooseSample(namesOf(count), sample, day(0)).size).toBe(size);
  });

  it('is the same twice a day, whatever the order of the list, and another one the next day', () => {
    const names = namesOf(100);
    const chosen = chooseSample(names, { parts: 20 }, day(3));
    expect(chooseSample(names.toReversed(), { parts: 20 }, new Date(day(3).getTime() + 60_000))).toEqual(
      chosen,
    );
    expect([...chooseSample(names, { parts: 20 }, day(4))].some((name) => chosen.has(name))).toBe(false);
  });

  it('does not take neighbours: those of one day are of many times', () => {
    const names = namesOf(1000);
    const chosen = [...chooseSample(names, { parts: 20 }, day(0))].map((name) => names.indexOf(name));
    expect(chosen.some((index) => index < 300)).toBe(true);
    expect(chosen.some((index) => index > 700)).toBe(true);
  });

  it.each([
    [{ parts: 20 }, 120],
    [{ parts: 20 }, 33],
    [{ parts: 7 }, 50],
    [{ parts: 14 }, 50],
    [{ parts: 8 }, 8],
    [{ count: 1 }, 7],
    [{ count: 3 }, 40],
  ])('has read each of them after as many days or weeks as there are parts: %o of %i', (sample, count) => {
    const names = namesOf(count);
    const parts = 'parts' in sample ? Math.min(sample.parts, count) : Math.ceil(count / sample.count);
    for (const interval of [1, 7])
      expect(runsUntilAllRead(names, sample, interval)).toBeLessThanOrEqual(parts);
  });

  it('is one of which few are read twice or not at all while copies come and go', () => {
    let names = namesOf(400);
    const read = new Map<string, number>();
    for (let index = 0; index < 20; index += 1) {
      for (const name of chooseSample(names, { parts: 20 }, day(index)))
        read.set(name, (read.get(name) ?? 0) + 1);
      names = [...names.slice(4), ...namesOf(404 + 4 * index).slice(-4)];
    }
    const stayed = names.slice(0, 320);
    expect(stayed.filter((name) => read.has(name)).length).toBeGreaterThan(280);
  });
});
