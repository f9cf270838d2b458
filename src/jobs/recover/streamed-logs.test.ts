import { describe, expect, it } from 'vitest';
import { groupParts } from '../../catalogue/streamed-logs.ts';
import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import { ownerKey, ownerMark, partKey } from '../../copies/streamed-part.ts';
import { followCopy, hasTrack } from './chain-of-logs.ts';
import type { RecoveryLog } from './recovery-plan.ts';
import { toRecoveryLogs, withoutPart } from './streamed-logs.ts';

const HOST = 'db1';

const listed = (number: number, spans: readonly (readonly [number, number])[], server = 'one') => {
  const log = { binlog: `mysql-bin.00000${number}`, timeCreated: 1000 * number };
  const keys = [
    ownerKey(HOST, log, server),
    ...spans.map(([from, to]) => `${partKey(HOST, log, from, to)}.gz`),
  ];
  return keys.map((key) => ({ key, size: 10, modified: new Date(1000 * (1000 * number + 500)) }));
};

const whole = (number: number, serverIdentity = 'one') => ({
  binlog: `mysql-bin.00000${number}`,
  timeCreated: 1000 * number,
  serverIdentity,
});

const logsOf = (
  objects: readonly (readonly ReturnType<typeof listed>[number][])[],
  stored: readonly ReturnType<typeof whole>[] = [],
): RecoveryLog[] =>
  toRecoveryLogs(HOST, groupParts(HOST, objects.flat()), { stored, copies: [{ serverIdentity: 'one' }] });

const copyAt = (number: number, position: number) =>
  ({
    key: 'db1/daily/mysql/a.xbstream.gz',
    binlog: `mysql-bin.00000${number}`,
    position,
    serverIdentity: 'one',
    backupStarted: 1000 * number + 100,
    backupFinished: 1000 * number + 200,
  }) as MysqlCopy;

const follow = (copy: MysqlCopy, logs: readonly RecoveryLog[]) => {
  const track = followCopy(copy, logs);
  if (!hasTrack(track)) throw new Error(track.problem);
  return { names: track.logs.map(({ binlog }) => binlog), reason: track.end.reason, gap: track.end.isGap };
};

describe('logs that are stored in parts, as a source of a recovery', () => {
  it('are those of which no copy is listed, each of the server that its mark names', () => {
    const objects = [listed(1, [[0, 100]]), listed(2, [[0, 100]]), listed(3, [[0, 100]], 'other')];
    expect(
      logsOf(objects, [whole(1)]).map(({ key, serverIdentity, size, parts }) => ({
        key,
        serverIdentity,
        size,
        parts,
      })),
    ).toEqual([
      {
        key: 'db1/binlog-stream/mysql-bin.000002.2000',
        serverIdentity: 'one',
        size: 10,
        parts: { end: 100, problem: undefined },
      },
      {
        key: 'db1/binlog-stream/mysql-bin.000003.3000',
        serverIdentity: ownerMark('other'),
        size: 10,
        parts: { end: 100, problem: undefined },
      },
    ]);
  });

  it('do not replace a copy, of which a crash may have left a tail in parts', () => {
    expect(logsOf([listed(1, [[100, 200]])], [whole(1)])).toEqual([]);
    expect(logsOf([listed(1, [])])).toEqual([]);
  });

  it('follow a copy, and end where nothing later is stored', () => {
    const logs = logsOf([
      listed(1, [[0, 100]]),
      listed(2, [
        [0, 100],
        [100, 150],
      ]),
    ]);
    expect(follow(copyAt(1, 50), logs)).toEqual({
      names: ['mysql-bin.000001', 'mysql-bin.000002'],
      reason: 'mysql-bin.000002 is stored in parts, up to position 150, and nothing later is',
      gap: false,
    });
  });

  it.each([
    [
      'behind the first of two logs',
      [
        listed(1, [
          [0, 100],
          [120, 200],
        ]),
        listed(2, [[0, 9]]),
      ],
      'the part of mysql-bin.000001 from position 100 to 120 is missing',
    ],
    [
      'in the only one',
      [
        listed(1, [
          [0, 100],
          [120, 200],
        ]),
      ],
      'the part of mysql-bin.000001 from position 100 to 120 is missing',
    ],
    [
      'at the beginning of the second',
      [listed(1, [[0, 100]]), listed(2, [[40, 90]])],
      'the part of mysql-bin.000002 from position 0 to 40 is missing',
    ],
  ])('end at a hole: %s', (_, objects, reason) => {
    expect(follow(copyAt(1, 50), logsOf(objects))).toEqual({
      names: ['mysql-bin.000001'],
      reason,
      gap: true,
    });
  });

  it.each([
    [
      'no hole',
      [[0, 40]],
      false,
      'mysql-bin.000001, in which the copy ends, is stored up to position 40 only',
    ],
    [
      'a hole',
      [
        [0, 40],
        [60, 90],
      ],
      true,
      'mysql-bin.000001, in which the copy ends, is stored up to position 40 only: the part of mysql-bin.000001 from position 40 to 60 is missing',
    ],
  ] as const)('continue no copy that ends behind them: %s', (_, spans, gap, reason) => {
    expect(follow(copyAt(1, 50), logsOf([listed(1, spans)]))).toEqual({ names: [], reason, gap });
  });

  it('end at a part that is damaged, unless others have what is in it', () => {
    const spans = [
      [0, 40],
      [40, 60],
      [60, 90],
      [30, 60],
    ] as const;
    const [log] = logsOf([listed(1, spans.slice(0, 3))]);
    const [doubled] = logsOf([listed(1, spans)]);
    const without = (of: RecoveryLog | undefined) => {
      if (of?.source.kind !== 'parts') throw new Error('it is no log in parts');
      const [, damaged] = of.source.log.parts;
      if (damaged === undefined) throw new Error('it has one part');
      return withoutPart(of, of.source.log, damaged).parts;
    };
    expect(without(log)).toEqual({ end: 40, problem: 'the part 40-60 of mysql-bin.000001 is damaged' });
    expect(without(doubled)).toEqual({ end: 90, problem: undefined });
  });
});
