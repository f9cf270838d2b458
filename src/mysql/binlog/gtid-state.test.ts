import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readGtidList, readPreviousGtids } from './gtid-state.ts';

/** The body of a Previous_gtids event without a set. */
const NOTHING = Buffer.alloc(8);

describe('a set of GTIDs of MySQL', () => {
  it('has the intervals of the numbers in it, in whatever order they came', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (numbers) => {
        const state = readPreviousGtids(NOTHING);
        for (const number of numbers) state.add({ source: 'u', sequence: BigInt(number) });
        const [, ...intervals] = state.toString().split(':');
        const read = intervals.flatMap((text) => {
          const [start = 0, last = start] = text.split('-').map(Number);
          return Array.from({ length: last - start + 1 }, (_none, index) => start + index);
        });
        expect(read).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
        // None that touches the next one.
        expect(intervals.length).toBe(read.filter((number) => !read.includes(number - 1)).length);
      }),
    );
  });

  it('takes no more memory than a real one', () => {
    const state = readPreviousGtids(NOTHING);
    expect(() => {
      for (let number = 1n; number < 5000n; number += 1n) state.add({ source: 'u', sequence: number * 2n });
    }).toThrow('more than 500 parts');
  });

  it('is refused when it is cut short', () => {
    const two = Buffer.alloc(8);
    two.writeBigUInt64LE(2n);
    expect(() => readPreviousGtids(Buffer.concat([two, Buffer.alloc(16)]))).toThrow(RangeError);
  });
});

describe('a state of MariaDB', () => {
  it('has the last server of each domain behind the others, and numbers beyond those of JavaScript', () => {
    const state = readGtidList(Buffer.alloc(4));
    for (const [source, sequence] of [
      ['10-1', 5n],
      ['2-30', 18_446_744_073_709_551_615n],
      ['2-4', 7n],
      ['2-5', 8n],
      ['2-4', 9n],
    ] as const) {
      state.add({ source, sequence });
    }
    expect(state.toString()).toBe('2-5-8,2-30-18446744073709551615,2-4-9,10-1-5');
  });

  it('takes no more memory than a real one', () => {
    const state = readGtidList(Buffer.alloc(4));
    expect(() => {
      for (let domain = 0; domain < 5000; domain += 1) state.add({ source: `${domain}-1`, sequence: 1n });
    }).toThrow('more than 500 parts');
  });
});
