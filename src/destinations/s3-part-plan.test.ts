import { assert, double, property } from 'fast-check';
import { expect, test } from 'vitest';
import { StorageError } from '../errors.ts';
import { BUFFER_BUDGET, planParts, planTiers } from './s3-part-plan.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const TIB = 1024 ** 4;

/** The facts of S3, written down a second time. */
const MAX_PARTS = 10_000;
const MIN_PART = 5 * MIB;
const MAX_PART = 5 * GIB;

const buffersOf = (plan: ReturnType<typeof planParts>, part: number): number =>
  (plan.inFlight(part) + 1) * plan.partSize(part);

test('unknown or up to 512 GiB expected: that much fits, and no part on the way there needs more memory than the budget', () => {
  for (const expected of [undefined, 0, 1, GIB, 512 * GIB]) {
    const plan = planParts(expected, undefined);
    expect(plan.partSize(1)).toBe(16 * MIB);
    let total = 0;
    let part = 0;
    while (total < 512 * GIB) {
      part++;
      expect(buffersOf(plan, part)).toBeLessThanOrEqual(BUFFER_BUDGET);
      total += plan.partSize(part);
    }
    expect(part).toBeLessThan(MAX_PARTS);
    expect(plan.planned).toBeGreaterThanOrEqual(512 * GIB);
    expect(plan.memory).toBeLessThanOrEqual(BUFFER_BUDGET);
  }
});

test('the beginning of every stream goes up in several parts at once', () => {
  const plan = planParts(undefined, undefined);
  expect(plan.inFlight(1)).toBeGreaterThanOrEqual(4);
  expect(plan.inFlight(1400)).toBeGreaterThanOrEqual(3);
});

test('whatever is expected: within the limits of S3, never shrinking, 1.5 times as much fits, or it is refused', () => {
  assert(
    property(double({ min: 0, max: 100 * TIB, noNaN: true }), (expected) => {
      let plan: ReturnType<typeof planParts>;
      try {
        plan = planParts(expected, undefined);
      } catch (error) {
        expect(error).toBeInstanceOf(StorageError);
        expect(expected).toBeGreaterThan(20 * TIB);
        return;
      }
      let total = 0;
      for (let part = 1; part <= MAX_PARTS; part++) {
        const size = plan.partSize(part);
        if (size < MIN_PART || size > MAX_PART || size < plan.partSize(Math.max(1, part - 1))) {
          expect.fail(`part ${part} has ${size} bytes`);
        }
        if (plan.inFlight(part) < 1) expect.fail(`part ${part} never goes up`);
        total += size;
      }
      expect(plan.capacity).toBe(total);
      expect(plan.planned).toBeGreaterThanOrEqual(512 * GIB);
      if (expected > 512 * GIB) expect(plan.planned).toBeGreaterThanOrEqual(1.5 * expected);
    }),
    { numRuns: 60 },
  );
});

test('a guess that was too small costs memory and not the copy: there is room for half as much again', () => {
  for (const expected of [undefined, 700 * GIB]) {
    const plan = planParts(expected, undefined);
    expect(plan.capacity).toBeGreaterThan(1.5 * plan.planned);
  }
});

test('a configured part size is used for all parts, with as many in flight as the memory allows', () => {
  const plan = planParts(undefined, 48 * MIB);
  expect([1, 5000, MAX_PARTS].map((part) => plan.partSize(part))).toEqual([48 * MIB, 48 * MIB, 48 * MIB]);
  expect(plan.capacity).toBe(MAX_PARTS * 48 * MIB);
  expect(plan.inFlight(1)).toBe(1);
  expect(planParts(undefined, 5 * MIB).inFlight(1)).toBeGreaterThan(10);
  expect(planParts(undefined, 1 * GIB).inFlight(1)).toBe(1);
});

test('what does not fit into 10,000 parts of the configured size is refused with a size that would do', () => {
  const size = 8 * MIB;
  expect(planParts(MAX_PARTS * size, size).capacity).toBe(MAX_PARTS * size);
  const refusal = (): unknown => planParts(MAX_PARTS * size + 1, size);
  expect(refusal).toThrow(StorageError);
  expect(refusal).toThrow(/part_size hold only 78\.1 GiB/);
  expect(refusal).toThrow(
    expect.objectContaining({ remedy: expect.stringMatching(/part_size to at least 13 MiB/) }),
  );
});

test('part sizes that S3 does not take are refused', () => {
  for (const size of [1, MIN_PART - 1, MAX_PART + 1])
    expect(() => planParts(undefined, size)).toThrow(StorageError);
});

test('more than parts of the largest size can hold is refused', () => {
  expect(() => planParts(100 * TIB, undefined)).toThrow(StorageError);
});

test('tiers follow each other, and there is nothing after the last one', () => {
  const plan = planTiers(
    [
      { parts: 2, size: 5 },
      { parts: 1, size: 7 },
    ],
    1,
    'remedy',
  );
  expect([1, 2, 3].map((part) => plan.partSize(part))).toEqual([5, 5, 7]);
  expect(plan.capacity).toBe(17);
  expect(plan.planned).toBe(10);
  expect(() => plan.partSize(4)).toThrow(RangeError);
});
