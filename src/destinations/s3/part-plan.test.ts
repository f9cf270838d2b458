import { assert, double, integer, property } from 'fast-check';
import { expect, test } from 'vitest';
import { StorageError } from '../../errors.ts';
import { BUFFER_BUDGET, planParts, planTiers } from './part-plan.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const TIB = 1024 ** 4;

/** The facts of S3, written down a second time. */
const MAX_PARTS = 10_000;
const MIN_PART = 5 * MIB;
/** Below the 2 GiB from which on Node's crypto refuses a buffer: S3 would take 5 GiB. */
const MAX_PART = 2047 * MIB;

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
        expect(expected).toBeGreaterThan(16 * TIB);
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
      expect(plan.capacity).toBeGreaterThanOrEqual(expected);
      if (expected > 512 * GIB && expected < 9 * TIB)
        expect(plan.planned).toBeGreaterThanOrEqual(1.5 * expected);
    }),
    { numRuns: 60 },
  );
});

/** The sizes of the parts behind the planned ones. */
function reserveOf(plan: ReturnType<typeof planParts>): number[] {
  const sizes: number[] = [];
  let before = 0;
  for (let part = 1; part <= MAX_PARTS; part++) {
    if (before >= plan.planned) sizes.push(plan.partSize(part));
    before += plan.partSize(part);
  }
  return sizes;
}

test('a guess that was too small costs memory and not the copy: the last parts double up to the largest', () => {
  for (const configured of [undefined, 5 * MIB, 64 * MIB, 1 * GIB]) {
    const plan = planParts(undefined, configured);
    const reserve = reserveOf(plan);
    expect(reserve).toHaveLength(932);
    expect(reserve[0]).toBe(Math.min(MAX_PART, 2 * (configured ?? 64 * MIB)));
    expect(reserve.at(-1)).toBe(MAX_PART);
    for (const [index, size] of reserve.entries())
      if (index > 0 && size > 2 * (reserve[index - 1] ?? 0))
        expect.fail(`part ${index} of it jumps to ${size}`);
  }
  expect(planParts(undefined, undefined).capacity).toBeGreaterThan(1.7 * TIB);
  expect(planParts(undefined, 5 * MIB).capacity).toBeGreaterThan(500 * GIB);
  expect(planParts(700 * GIB, undefined).capacity).toBeGreaterThan(2 * TIB);
});

test('a configured part size is used for most parts, with as many in flight as the memory allows', () => {
  const plan = planParts(undefined, 48 * MIB);
  expect([1, 5000, 9068].map((part) => plan.partSize(part))).toEqual([48 * MIB, 48 * MIB, 48 * MIB]);
  expect(plan.partSize(9069)).toBe(96 * MIB);
  expect(plan.planned).toBe(9068 * 48 * MIB);
  expect(plan.inFlight(1)).toBe(1);
  expect(planParts(undefined, 5 * MIB).inFlight(1)).toBeGreaterThan(10);
  expect(planParts(undefined, 1 * GIB).inFlight(1)).toBe(1);
});

test('whatever part size is configured, all that is expected keeps to it and to its memory, and more than that fits', () => {
  assert(
    property(
      integer({ min: MIN_PART, max: MAX_PART }),
      double({ min: 0, max: 1, noNaN: true }),
      (size, share) => {
        const expected = Math.floor(share * MAX_PARTS * size);
        const plan = planParts(expected, size);
        expect(plan.planned).toBeGreaterThanOrEqual(expected);
        expect(plan.planned % size).toBe(0);
        expect(plan.partSize(plan.planned / size)).toBe(size);
        expect(plan.memory).toBeLessThanOrEqual(Math.max(BUFFER_BUDGET, 2 * size));
        let total = 0;
        for (let part = 1; part <= MAX_PARTS; part++) {
          const now = plan.partSize(part);
          if (now > MAX_PART || now < plan.partSize(Math.max(1, part - 1)))
            expect.fail(`part ${part} has ${now} bytes`);
          total += now;
        }
        expect(plan.capacity).toBe(total);
        expect(plan.capacity).toBeGreaterThanOrEqual(MAX_PARTS * size);
      },
    ),
    { numRuns: 60 },
  );
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

test('part sizes that S3 does not take, or Node cannot sign, are refused', () => {
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
