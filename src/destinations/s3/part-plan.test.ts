import { assert, double, property } from 'fast-check';
import { expect, test } from 'vitest';
import { StorageError } from '../../errors.ts';
import { memoryOf, planParts } from './part-plan.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const TIB = 1024 ** 4;

/** The facts of S3, written down a second time. */
const MAX_PARTS = 10_000;
const MIN_PART = 5 * MIB;
/** Below the 2 GiB from which on Node's crypto refuses a buffer: S3 would take 5 GiB. */
const MAX_PART = 2047 * MIB;

const plan = (atMost: number | undefined, partSize?: number, concurrency = 4) =>
  planParts(atMost === undefined ? undefined : { likely: atMost / 3, atMost }, { partSize, concurrency });

test('up to 150 GiB: 16 MiB, four at once', () => {
  for (const atMost of [0, 1, GIB, 150 * GIB]) {
    expect(plan(atMost)).toMatchObject({ partSize: 16 * MIB, queueSize: 4 });
    expect(plan(atMost).capacity).toBeGreaterThan(150 * GIB);
  }
});

test('nothing is known: 32 MiB, four at once', () => {
  expect(plan(undefined)).toMatchObject({ partSize: 32 * MIB, queueSize: 4, capacity: MAX_PARTS * 32 * MIB });
});

test('512 GiB are planned for in the memory promised', () => {
  expect(plan(512 * GIB)).toMatchObject({ partSize: 53 * MIB, queueSize: 2 });
  // The last copy had 512 GiB.
  expect(memoryOf(plan(3 * 512 * GIB))).toBe(2 * 158 * MIB);
});

test('whatever is expected: it fits, within the limits of S3, or it is refused', () => {
  assert(
    property(double({ min: 0, max: 100 * TIB, noNaN: true }), (likely) => {
      try {
        const { partSize, queueSize, capacity } = planParts(
          { likely, atMost: 3 * likely },
          { partSize: undefined, concurrency: 4 },
        );
        expect(partSize % MIB).toBe(0);
        expect(partSize).toBeGreaterThanOrEqual(MIN_PART);
        expect(partSize).toBeLessThanOrEqual(MAX_PART);
        expect(queueSize).toBeGreaterThanOrEqual(1);
        expect(capacity).toBe(MAX_PARTS * partSize);
        expect(capacity).toBeGreaterThanOrEqual(likely);
        if (likely < 6 * TIB) expect(capacity).toBeGreaterThanOrEqual(3 * likely);
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        expect(likely).toBeGreaterThan(16 * TIB);
      }
    }),
    { numRuns: 60 },
  );
});

test('a configured part size is used as it is, with as many at once as are configured and the memory allows', () => {
  expect(plan(1 * GIB, 48 * MIB)).toMatchObject({ partSize: 48 * MIB, queueSize: 2 });
  expect(plan(undefined, 5 * MIB, 30)).toMatchObject({ partSize: 5 * MIB, queueSize: 25 });
  expect(plan(undefined, 5 * MIB, 2).queueSize).toBe(2);
  expect(plan(undefined, 1 * GIB).queueSize).toBe(1);
  expect(plan(100 * GIB, 5 * MIB, 1).capacity).toBe(MAX_PARTS * 5 * MIB);
});

test('what does not fit into 10,000 parts of the configured size is refused with a size that would do', () => {
  const partSize = 8 * MIB;
  const expecting = (likely: number) =>
    planParts({ likely, atMost: 3 * likely }, { partSize, concurrency: 4 });
  expect(expecting(MAX_PARTS * partSize).capacity).toBe(MAX_PARTS * partSize);
  const refusal = (): unknown => expecting(MAX_PARTS * partSize + 1);
  expect(refusal).toThrow(StorageError);
  expect(refusal).toThrow(/part_size hold only 78\.1 GiB/);
  expect(refusal).toThrow(
    expect.objectContaining({ remedy: expect.stringMatching(/part_size to at least 13 MiB/) }),
  );
});

test('what an attempt of late outgrew is refused at once while its parts are configured, and planned for when they are chosen', () => {
  const partSize = 8 * MIB;
  const reached = MAX_PARTS * partSize + 1;
  const planFor = (configured: number | undefined) =>
    planParts({ likely: GIB, atMost: 2 * reached, reached }, { partSize: configured, concurrency: 4 });
  expect(() => planFor(partSize)).toThrow(
    /^The last attempt came to 78\.1 GiB, but 10000 parts of \[s3\] part_size hold/,
  );
  expect(() => planFor(partSize)).toThrow(
    expect.objectContaining({ remedy: expect.stringMatching(/part_size to at least 13 MiB/) }),
  );
  expect(planFor(2 * partSize).capacity).toBeGreaterThan(reached);
  expect(planFor(undefined).capacity).toBeGreaterThan(reached);
});

test('more than parts of the largest size can hold is refused', () => {
  expect(() => plan(300 * TIB)).toThrow(StorageError);
});
