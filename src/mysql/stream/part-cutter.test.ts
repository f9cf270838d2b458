import { describe, expect, it } from 'vitest';
import type { LogBytes } from './log-events.ts';
import { PartCutter } from './part-cutter.ts';

const MIB = 1024 ** 2;

const at = (from: number, length: number, isEnd: boolean, binlog = 'a.1'): LogBytes => ({
  binlog,
  timeCreated: 1,
  from,
  bytes: Buffer.alloc(length, from),
  isEnd,
});
const rangeOf = (cutter: PartCutter): string | undefined => {
  const part = cutter.cut();
  return part && `${part.binlog} ${part.from}-${part.to} (${part.bytes.length}) since ${part.since}`;
};

describe('parts are cut', () => {
  it('at the end of the last complete transaction', () => {
    const cutter = new PartCutter(1000);
    cutter.add(at(0, 10, true), 1);
    cutter.add(at(10, 10, false), 2);
    cutter.add(at(20, 10, true), 3);
    cutter.add(at(30, 10, false), 4);
    expect(rangeOf(cutter)).toBe('a.1 0-30 (30) since 1');
    expect([cutter.bytes, cutter.canCut, cutter.since, rangeOf(cutter)]).toEqual([10, false, 4, undefined]);
    cutter.add(at(40, 10, true), 5);
    expect(rangeOf(cutter)).toBe('a.1 30-50 (20) since 4');
  });

  it('at the first end of a transaction when there are more bytes than a part has', () => {
    const cutter = new PartCutter(15);
    for (let from = 0; from < 60; from += 10) cutter.add(at(from, 10, from % 20 === 10), from);
    expect([rangeOf(cutter), rangeOf(cutter), rangeOf(cutter), rangeOf(cutter)]).toEqual([
      'a.1 0-20 (20) since 0',
      'a.1 20-40 (20) since 20',
      'a.1 40-60 (20) since 40',
      undefined,
    ]);
  });

  it('within a transaction that is larger than a part', () => {
    const cutter = new PartCutter(25);
    cutter.add(at(0, 10, false), 0);
    cutter.add(at(10, 10, false), 0);
    expect(rangeOf(cutter)).toBeUndefined();
    cutter.add(at(20, 10, false), 0);
    expect(rangeOf(cutter)).toBe('a.1 0-30 (30) since 0');
    cutter.add(at(30, 5, true), 1);
    expect(rangeOf(cutter)).toBe('a.1 30-35 (5) since 1');
  });

  it('where a log ends, whatever is open there', () => {
    const cutter = new PartCutter(1000);
    cutter.add(at(0, 10, true), 0);
    cutter.add(at(10, 10, false), 0);
    cutter.add(at(0, 10, true, 'a.2'), 1);
    cutter.add(at(10, 10, false, 'a.2'), 1);
    expect([rangeOf(cutter), rangeOf(cutter), rangeOf(cutter)]).toEqual([
      'a.1 0-20 (20) since 0',
      'a.2 0-10 (10) since 1',
      undefined,
    ]);
  });

  it('without what is open, once that is forgotten', () => {
    const cutter = new PartCutter(15);
    cutter.add(at(0, 10, true), 0);
    cutter.add(at(10, 10, false), 0);
    cutter.dropOpen();
    expect([rangeOf(cutter), cutter.bytes, cutter.canCut]).toEqual(['a.1 0-10 (10) since 0', 0, false]);
  });

  it('with nothing lost, doubled or out of place, however small the events are', () => {
    const cutter = new PartCutter(200_000);
    const length = 45;
    const event = (index: number) => Buffer.alloc(length, index % 251);
    let stored = Buffer.alloc(0);
    const keep = (part: ReturnType<PartCutter['cut']>) => {
      expect(part?.from).toBe(stored.length);
      // Four events are a transaction.
      expect((part?.to ?? 0) % (4 * length)).toBe(0);
      stored = Buffer.concat([stored, part?.bytes ?? Buffer.alloc(0)]);
      expect(part?.to).toBe(stored.length);
    };
    for (let index = 0; index < 20_002; index += 1) {
      cutter.add({ ...at(index * length, 0, index % 4 === 3), bytes: event(index) }, index);
      if (index % 6007 === 0 && cutter.canCut) keep(cutter.cut());
    }
    while (cutter.canCut) keep(cutter.cut());
    expect([cutter.bytes, cutter.since]).toEqual([2 * length, 20_000]);
    cutter.dropOpen();
    expect([cutter.bytes, cutter.since]).toEqual([0, undefined]);
    expect(stored.equals(Buffer.concat(Array.from({ length: 20_000 }, (_, index) => event(index))))).toBe(
      true,
    );
  });

  it('from little more memory than the bytes take, however small the events are', () => {
    const cutter = new PartCutter(8 * MIB);
    const before = process.memoryUsage();
    const network = Buffer.alloc(64 * 1024);
    for (let from = 0; cutter.bytes < 32 * MIB; from += 45) {
      const bytes = network.subarray(0, 45);
      cutter.add({ ...at(from, 0, from % 180 === 135), bytes }, from);
    }
    const after = process.memoryUsage();
    const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
    expect(grown).toBeLessThan(96 * MIB);
    expect(cutter.bytes).toBeGreaterThan(0);
  });
});
