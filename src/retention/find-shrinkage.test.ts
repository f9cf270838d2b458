import { describe, expect, it } from 'vitest';
import { FROM_BEFORE, findShrinkage, keepFromBefore, type MeasuredCopy } from './find-shrinkage.ts';

const NOW = 1_767_225_600;
const MIB = 1024 ** 2;

/** A copy that was begun so many seconds after the first one. */
function copy(at: number, sizes: Partial<MeasuredCopy>): MeasuredCopy {
  return {
    key: `k${at}`,
    backupStarted: NOW - 1000 + at,
    source: '/srv',
    unpackedSize: undefined,
    size: undefined,
    isEmpty: false,
    ...sizes,
  };
}
const unpacked = (at: number, unpackedSize: number) => copy(at, { unpackedSize, size: 1 });
const stored = (at: number, size: number) => copy(at, { size });
const empty = (at: number) => copy(at, { unpackedSize: 10_240, size: 150, isEmpty: true });

/** The keys of the shrunken copy and of the one from before. */
function found(copies: readonly MeasuredCopy[], justMade?: string): [string, string] | undefined {
  const shrinkage = findShrinkage(copies, { now: NOW, ...(justMade !== undefined && { justMade }) });
  return shrinkage && [shrinkage.newest.key, shrinkage.before.key];
}

describe('a source that has shrunk', () => {
  it('shows in a newest copy below a tenth of the largest, from 1 MiB up', () => {
    expect(found([unpacked(1, 10 * MIB), unpacked(2, MIB - 1)])).toEqual(['k2', 'k1']);
    expect(found([unpacked(1, 10 * MIB), unpacked(2, MIB)])).toBeUndefined();
    expect(found([unpacked(1, MIB), unpacked(2, MIB / 10 - 1)])).toEqual(['k2', 'k1']);
    expect(found([unpacked(1, MIB - 1), unpacked(2, 10_240)])).toBeUndefined();
  });

  it('shows in an empty copy however small the others are', () => {
    expect(found([unpacked(1, 10_240), empty(2)])).toEqual(['k2', 'k1']);
    expect(found([stored(1, 300), empty(2)])).toEqual(['k2', 'k1']);
  });

  it('was never there when all copies are empty', () => {
    expect(found([empty(1), empty(2)])).toBeUndefined();
    expect(found([empty(1)])).toBeUndefined();
    expect(found([])).toBeUndefined();
  });

  it('keeps the newest copy of usual size from before, over all later ones that are small', () => {
    const copies = [unpacked(1, 20 * MIB), unpacked(2, 15 * MIB), empty(3), unpacked(4, MIB), empty(5)];
    expect(found(copies)).toEqual(['k5', 'k2']);
    expect(found(copies.toReversed())).toEqual(['k5', 'k2']);
  });

  it('is over when the size is back', () => {
    expect(found([unpacked(1, 20 * MIB), empty(2), unpacked(3, 2 * MIB)])).toBeUndefined();
  });

  it('is no source that has grown', () => {
    expect(found([unpacked(1, 10_240), unpacked(2, 500 * MIB)])).toBeUndefined();
  });

  it('shows in stored sizes where others are not known, as of copies that the Python tool has made', () => {
    expect(found([stored(1, 50 * MIB), stored(2, 4 * MIB)])).toEqual(['k2', 'k1']);
    const [large, small] = [40 * MIB, 2 * MIB];
    expect(found([stored(1, large), copy(2, { unpackedSize: 9 * MIB, size: small })])).toEqual(['k2', 'k1']);
    expect(found([stored(1, large), copy(2, { unpackedSize: 90 * MIB, size: large })])).toBeUndefined();
    expect(found([copy(1, {}), copy(2, {})])).toBeUndefined();
  });

  it('is judged by the copy just made, also when a clock was ahead once', () => {
    const ahead = unpacked(5000, 20 * MIB);
    expect(found([ahead, empty(2)], 'k2')).toEqual(['k2', 'k5000']);
    expect(found([ahead, unpacked(1, 30 * MIB), empty(2)], 'k2')).toEqual(['k2', 'k1']);
  });
});

describe('retention of a source that has shrunk', () => {
  const copies = [unpacked(4, 0), unpacked(3, 0), unpacked(2, 20 * MIB), unpacked(1, 20 * MIB)];
  const decisions = copies.map((each, index) => ({ copy: each, keep: index < 2, reason: `number ${index}` }));

  it('keeps the one copy from before, beyond the count, and says why', () => {
    expect(keepFromBefore(decisions, findShrinkage(copies, { now: NOW }))).toEqual([
      decisions[0],
      decisions[1],
      { copy: copies[2], keep: true, reason: `number 2, but ${FROM_BEFORE}` },
      decisions[3],
    ]);
  });

  it('is that of any other when the size is back', () => {
    expect(keepFromBefore(decisions, undefined)).toEqual(decisions);
  });
});
