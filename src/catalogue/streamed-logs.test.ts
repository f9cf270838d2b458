import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ownerMark, parseStreamKey, partKey, type StreamedPart } from '../copies/streamed-part.ts';
import { groupParts, joinParts } from './streamed-logs.ts';

const part = (from: number, to: number, suffix = '.gz'): StreamedPart => ({
  key: `db1/binlog-stream/mysql-bin.000001.1700000000/${from}-${to}${suffix}`,
  from,
  to,
  size: 1,
});
const rangesOf = (parts: readonly StreamedPart[]) => parts.map(({ from, to }) => `${from}-${to}`);

describe('the parts of a log', () => {
  it.each([
    ['none', [], [], 0],
    ['in order', [part(0, 10), part(10, 30)], ['0-10', '10-30'], 30],
    ['listed in any order', [part(10, 30), part(0, 10)], ['0-10', '10-30'], 30],
    ['with a hole', [part(0, 10), part(20, 30)], ['0-10'], 10],
    ['without the beginning', [part(4, 10)], [], 0],
    [
      'that overlap: the one that leads farthest',
      [part(0, 10), part(0, 25), part(10, 30)],
      ['0-25', '10-30'],
      30,
    ],
    [
      'twice, of different compressors: the first by name',
      [part(0, 10, '.zst'), part(0, 10, '.gz')],
      ['0-10'],
      10,
    ],
    ['within others', [part(0, 30), part(10, 20)], ['0-30'], 30],
  ])('are joined: %s', (_, parts, joined, end) => {
    const result = joinParts(parts);
    expect([rangesOf(result.parts), result.end]).toEqual([joined, end]);
    expect(result.parts.length + result.rest.length).toBe(parts.length);
  });

  it('are joined to one log without a hole, in whatever order they are listed, as far as they cover it', () => {
    const ranges = fc.array(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 20 })), { maxLength: 20 });
    fc.assert(
      fc.property(ranges, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (given, random) => {
        const parts = given.map(([from, length]) => part(from, from + length));
        const joined = joinParts(parts);
        let end = 0;
        while (parts.some(({ from, to }) => from <= end && to > end)) end += 1;
        expect(joined.end).toBe(end);
        let at = 0;
        for (const { from, to } of joined.parts) {
          expect(from).toBeLessThanOrEqual(at);
          expect(to).toBeGreaterThan(at);
          at = to;
        }
        const shuffled = parts
          .map((each) => ({ each, place: random.next().value }))
          .toSorted((a, b) => a.place - b.place)
          .map(({ each }) => each);
        expect(rangesOf(joinParts(shuffled).parts)).toEqual(rangesOf(joined.parts));
      }),
    );
  });
});

describe('what is listed', () => {
  const modified = new Date(5000);

  it('is grouped by logs, with whose they are; what is nothing of ours is left out', () => {
    const log = { binlog: 'mysql-bin.000001', timeCreated: 1_700_000_000 };
    const folder = 'db1/binlog-stream/mysql-bin.000001.1700000000';
    const mark = ownerMark('uuid@1');
    const keys = [
      `${folder}/server-${mark}`,
      `${partKey('db1', log, 0, 10)}.gz.gpg`,
      `${folder}/10-5.gz`,
      `${folder}/10-20`,
      `${folder}/notes.txt`,
      'db1/binlog-stream/notes',
      'db1/binlog-stream/../1.2/0-1.gz',
      'db2/binlog-stream/mysql-bin.000001.1700000000/10-20.gz',
      'db1/binlog/mysql-bin.000001.gz',
    ];
    expect(
      groupParts(
        'db1',
        keys.map((key) => ({ key, size: 3, modified })),
      ),
    ).toEqual([
      {
        ...log,
        mark,
        parts: [{ key: keys[1], from: 0, to: 10, size: 3 }],
        end: 10,
        rest: [],
        keys: keys.slice(0, 2),
        modified: 5000,
      },
    ]);
  });

  it('belongs to nobody in particular where two servers say that it is theirs', () => {
    const folder = 'db1/binlog-stream/mysql-bin.000001.1700000000';
    const keys = ['a', 'b'].map((identity) => `${folder}/server-${ownerMark(identity)}`);
    const [log] = groupParts(
      'db1',
      keys.map((key) => ({ key, size: 3, modified })),
    );
    expect(log?.mark).toBeUndefined();
  });

  it('has positions beyond 32 bits', () => {
    const log = { binlog: 'a.1', timeCreated: 1 };
    const key = `${partKey('h', log, 5_000_000_000, 6_000_000_000)}.zst`;
    expect(parseStreamKey('h', key)).toEqual({
      ...log,
      kind: 'part',
      from: 5_000_000_000,
      to: 6_000_000_000,
    });
  });
});
