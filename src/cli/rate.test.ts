import { expect, it } from 'vitest';
import { Rate } from './rate.ts';

it('a rate is that of the last ten seconds', () => {
  const rate = new Rate();
  expect(rate.note(1000, 0)).toBe(0);
  expect(rate.note(3000, 200)).toBe(100);
  expect(rate.note(11_000, 1000)).toBe(100);
  // Nothing has come for a while.
  expect(rate.note(21_000, 1000)).toBe(0);
  expect(rate.note(22_000, 3000)).toBe(2000 / 11);
});

it('a rate of no time is none', () => {
  const rate = new Rate();
  rate.note(5, 0);
  expect(rate.note(5, 100)).toBe(0);
});
