import { describe, expect, it } from 'vitest';
import { type SummarisedCopy, summariseCopies } from './source-summary.ts';

const NOW = 2_000_000_000;
const DAY = 86_400;

const copy = (
  daysAgo: number,
  size: number | undefined,
  more: Partial<SummarisedCopy> = {},
): SummarisedCopy => ({
  key: `db1/daily/mysql/${daysAgo}`,
  media: 'mysql',
  source: 'mysql',
  runType: 'daily',
  started: NOW - daysAgo * DAY,
  finished: NOW - daysAgo * DAY + 60,
  size,
  isComplete: true,
  ...more,
});

describe('the summary of a source', () => {
  it('has the newest copy, and the sizes of complete copies in their order', () => {
    const child = copy(0, 5, { isComplete: false });
    const { newest, copies, sizes, growth } = summariseCopies(
      [copy(1, 110), child, copy(3, 100), copy(2, 90)],
      NOW,
    );
    expect([newest, copies]).toEqual([child, 4]);
    expect(sizes.map(({ size }) => size)).toEqual([100, 90, 110]);
    expect(growth).toBeCloseTo(0.1);
  });

  it('goes by the last eight complete copies', () => {
    const days = [...Array(12).keys()];
    const { sizes, growth } = summariseCopies(
      days.map((day) => copy(day, 100 - day)),
      NOW,
    );
    expect(sizes.map(({ size }) => size)).toEqual([93, 94, 95, 96, 97, 98, 99, 100]);
    expect(growth).toBeCloseTo(7 / 93);
  });

  it('has no trend where there is nothing to compare', () => {
    expect(summariseCopies([], NOW)).toEqual({ copies: 0, newest: undefined, sizes: [], growth: undefined });
    expect(summariseCopies([copy(1, 100), copy(2, undefined)], NOW).growth).toBeUndefined();
    expect(summariseCopies([copy(1, 100), copy(2, 0)], NOW).growth).toBeUndefined();
  });

  it('believes copies from the future only where there are no others', () => {
    const future = copy(-2, 1000);
    expect(summariseCopies([future, copy(1, 100)], NOW)).toMatchObject({ newest: copy(1, 100), copies: 2 });
    expect(summariseCopies([future], NOW).newest).toEqual(future);
  });
});
