import { describe, expect, it } from 'vitest';
import { simulateBase, simulateLog } from '../../../test/fixtures/recovery.ts';
import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import { describeError } from '../../errors.ts';
import type { RecoveryTarget } from '../../mysql/binlog/recovery-target.ts';
import { chooseBase } from './choose-base.ts';
import type { RecoveryLog } from './recovery-plan.ts';

/** Five logs of a hundred seconds each; a copy in the second and one in the fourth. */
const name = (number: number) => `b.00000${number}`;
const LOGS = [1, 2, 3, 4, 5].map((number) =>
  simulateLog(name(number), {
    begun: number * 100,
    closed: number * 100 + 100,
    gtids: [number * 10, number * 10 + 10],
    next: name(number + 1),
  }),
);
const OLD = simulateBase(250, name(2), { gtid: '0-1-25' });
const NEW = simulateBase(450, name(4), { gtid: '0-1-45', type: 'incremental', parent: OLD.key });
const COPIES = [NEW, OLD];

const atTime = (second: number): RecoveryTarget => ({
  kind: 'time',
  at: second * 1_000_000,
  assumedZone: undefined,
});
const atGtid = (number: number): RecoveryTarget => ({ kind: 'gtid', gtid: `0-1-${number}` });
const atPosition = (binlog: string, position: number): RecoveryTarget => ({
  kind: 'position',
  binlog,
  position,
});
const LATEST: RecoveryTarget = { kind: 'latest' };

interface Given {
  readonly copies?: readonly MysqlCopy[];
  readonly logs?: readonly RecoveryLog[];
  readonly named?: MysqlCopy;
}

const choose = (target: RecoveryTarget, { copies = COPIES, logs = LOGS, named }: Given = {}) => {
  const { copy, logs: chain, needed } = chooseBase(copies, logs, target, named);
  return { key: copy.key, first: chain[0]?.name, last: chain[needed - 1]?.name };
};

const refused = (target: RecoveryTarget, given: Given = {}): string => {
  try {
    choose(target, given);
  } catch (error) {
    return describeError(error);
  }
  throw new Error('It was chosen');
};

describe('the base of a recovery', () => {
  it.each([
    ['the latest', LATEST, NEW, 4, 5],
    ['a time', atTime(520), NEW, 4, 5],
    ['a time before the newer copy', atTime(440), OLD, 2, 4],
    ['a time at which the newer copy was finished', atTime(450), OLD, 2, 4],
    ['a GTID', atGtid(46), NEW, 4, 4],
    ['a GTID that the newer copy holds', atGtid(44), OLD, 2, 4],
    ['a position', atPosition('b.000005', 4), NEW, 4, 5],
    ['a position in front of that of the newer copy', atPosition('b.000004', 499), OLD, 2, 4],
  ] as const)('for %s is the newest copy in front of it', (_what, target, copy, first, last) => {
    expect(choose(target)).toEqual({ key: copy.key, first: name(first), last: name(last) });
  });

  it.each([atGtid(45), atPosition('b.000004', 500)])('that ends at the target needs no log', (target) => {
    expect(choose(target)).toMatchObject({ key: NEW.key, last: undefined });
  });

  it('is the one that was named, with the logs from its position', () => {
    expect(choose(atTime(520), { named: OLD })).toEqual({ key: OLD.key, first: name(2), last: name(5) });
  });

  it('is no copy without a position, and these are told', () => {
    const python = simulateBase(480, undefined);
    const chosen = chooseBase([python, ...COPIES], LOGS, LATEST);
    expect(chosen.copy).toBe(NEW);
    expect(chosen.passedOver).toEqual([
      { copy: python, problem: expect.stringContaining('does not say where') },
    ]);
  });

  it('is not mistaken in the order where clocks say otherwise', () => {
    // A statement of an hour dates the log that it begins back.
    const logs = LOGS.map((each, index) => (index === 4 ? { ...each, timeCreated: 410 } : each));
    expect(choose(atTime(520), { logs })).toMatchObject({ key: NEW.key, last: name(5) });
  });
});

describe('a target that cannot be reached', () => {
  it('before the oldest copy: the earliest is told', () => {
    for (const target of [atTime(240), atTime(250), atGtid(24), atPosition('b.000002', 499)]) {
      expect(refused(target)).toBe(
        `Cannot recover to ${target.kind === 'time' ? new Date(target.at / 1000).toISOString().replace('.000', '') : target.kind === 'gtid' ? 'GTID 0-1-24' : 'position b.000002:499'}: ` +
          `the oldest copy that can be used, ${OLD.key}, ${target.kind === 'time' ? 'was finished after that' : 'already holds it'}\n` +
          'The earliest that can be reached is the end of that copy: 1970-01-01T00:04:10Z, GTID 0-1-25, position b.000002:500.' +
          (target.kind === 'time' ? ' By time the earliest is 1970-01-01T00:04:11Z.' : ''),
      );
    }
    expect(choose(atTime(251))).toMatchObject({ key: OLD.key });
  });

  it('after the last log: the latest is told', () => {
    expect(refused(atTime(700))).toBe(
      `Cannot recover to 1970-01-01T00:11:40Z: b.000005 (GTIDs up to 0-1-60) is the last log that continues ${NEW.key}\n` +
        'The latest that can be reached before that is the end of b.000005 (GTIDs up to 0-1-60), 1970-01-01T00:10:00Z.' +
        ' The next backup copies what was written since; --more-logs takes logs that the server has left.',
    );
  });

  it('held by the copy that was named: the older one is told', () => {
    for (const target of [atTime(440), atGtid(44)]) {
      expect(refused(target, { named: NEW })).toContain(`Name ${OLD.key}, which lies before it`);
    }
    expect(refused(atTime(240), { named: OLD })).toContain('No older copy can be used');
  });

  it('behind a missing log: which, the end before it, and the next copy', () => {
    const logs = LOGS.filter(({ binlog }) => binlog !== 'b.000003');
    for (const target of [atTime(420), atGtid(44), atPosition('b.000004', 400)]) {
      const message = refused(target, { logs });
      expect(message).toContain(
        'behind b.000002 (GTIDs up to 0-1-30) there is a gap: b.000003 is missing among the copies',
      );
      expect(message).toContain('is the end of b.000002 (GTIDs up to 0-1-30), 1970-01-01T00:05:00Z.');
      expect(message).toContain(
        `Behind the gap, ${NEW.key} is the next copy: 1970-01-01T00:07:30Z, GTID 0-1-45`,
      );
    }
    expect(choose(atTime(520), { logs })).toMatchObject({ key: NEW.key });
    expect(choose(atTime(290), { logs })).toMatchObject({ key: OLD.key });
  });

  it('behind several missing logs: from which to which', () => {
    const logs = LOGS.filter(({ binlog }) => !/[234]$/.test(binlog));
    const copies = [simulateBase(150, 'b.000001')];
    expect(refused(atTime(520), { logs, copies })).toContain(
      '3 logs are missing among the copies, b.000002 to b.000004',
    );
  });

  it('behind logs of which the contents do not fit: both ends are told', () => {
    const logs = LOGS.map((each) =>
      each.binlog === 'b.000003' && each.contents
        ? { ...each, contents: { ...each.contents, gtidStart: '0-1-33' } }
        : each,
    );
    expect(refused(atTime(420), { logs })).toContain(
      'b.000002 ends with the GTIDs 0-1-30, and b.000003 begins with 0-1-33',
    );
    const other = LOGS.map((each) =>
      each.binlog === 'b.000002' && each.contents
        ? { ...each, contents: { ...each.contents, nextBinlog: 'c.000001' } }
        : each,
    );
    expect(refused(atTime(420), { logs: other })).toContain('the server went on from b.000002 to c.000001');
  });

  it('with a GTID that nothing has: the nearest are told', () => {
    const message = refused(atGtid(4711));
    expect(message).toContain('no copy of a binary log has it');
    expect(message).toContain('The nearest that the copies record: 0-1-60.');
    expect(refused({ kind: 'gtid', gtid: '7-7-7' })).toContain('nothing of that server or domain');
  });

  it('in a log of which there is no copy: the logs are told', () => {
    expect(refused(atPosition('b.000009', 4))).toContain(
      `there is no copy of that log\n${NEW.key} is continued by b.000004 to b.000005.`,
    );
  });

  it('without any copy that can be used', () => {
    expect(refused(LATEST, { copies: [] })).toContain('no copy of MySQL is in the status of this host');
    const python = simulateBase(480, undefined);
    const message = refused(LATEST, { copies: [python] });
    expect(message).toContain(`of the only copy none can be used; ${python.key}: its status entry`);
    expect(refused(LATEST, { named: python })).toContain(`Nothing can be replayed on ${python.key}`);
  });

  it('where no log was copied but those before the copy', () => {
    const message = refused(atTime(700), { copies: [simulateBase(650, 'b.000006')] });
    expect(message).toContain('b.000006, in which the copy ends, has not been copied');
  });
});

describe('after RESET MASTER', () => {
  const YOUNG = [600, 700].map((begun, index) =>
    simulateLog(`${name(index + 1)}.0000000${begun}`, {
      begun,
      closed: begun + 100,
      gtids: [index * 10, index * 10 + 10],
      next: name(index + 2),
    }),
  );
  const logs = [...LOGS, ...YOUNG];
  const young = simulateBase(650, 'b.000001', { gtid: '0-1-5' });
  const copies = [young, ...COPIES];

  it('a name and a GTID mean the newer logs', () => {
    expect(choose(atPosition('b.000002', 700), { copies, logs })).toMatchObject({
      key: young.key,
      last: YOUNG[1]?.name,
    });
    expect(choose(atGtid(12), { copies, logs })).toMatchObject({ key: young.key, last: YOUNG[1]?.name });
  });

  it('what only the older ones have is refused without the name of a copy', () => {
    for (const target of [atGtid(46), atPosition('b.000005', 400)]) {
      expect(refused(target, { copies, logs })).toContain(
        `only logs from before the server began its logs again at 1970-01-01T00:10:00Z have it (RESET MASTER, or restored data)\n` +
          `If that is what you mean, name the copy before it: ${NEW.key}.`,
      );
      expect(choose(target, { copies, logs, named: NEW })).toMatchObject({ key: NEW.key });
    }
  });

  it('a position in front of the first copy of the newer logs is not looked for in the older ones', () => {
    const message = refused(atPosition('b.000001', 300), { copies, logs });
    expect(message).toContain('the server began its logs again with b.000001.0000000600');
    expect(message).toContain(`Behind the gap, ${young.key} is the next copy`);
  });

  it('a time is one of either', () => {
    expect(choose(atTime(520), { copies, logs })).toMatchObject({ key: NEW.key });
    expect(choose(atTime(720), { copies, logs })).toMatchObject({ key: young.key });
    const message = refused(atTime(640), { copies, logs });
    expect(message).toContain('the server began its logs again with b.000001.0000000600');
  });
});

describe('the logs of another server', () => {
  it('are not replayed', () => {
    const own = LOGS.slice(0, 4);
    const logs = [...own, simulateLog(name(5), { begun: 500, closed: 600, gtids: [0, 10], identity: 'B' })];
    expect(refused(atTime(520), { logs })).toContain('was written by another server');
  });

  it('that tell no server and no GTIDs are known by its server_id', () => {
    const logs = LOGS.map((each, index) => {
      const serverId = index < 4 ? 1 : 2;
      const contents = each.contents && { ...each.contents, gtidStart: '', gtidEnd: '', serverId };
      return { ...each, serverIdentity: index < 4 ? 'A' : undefined, contents };
    });
    expect(refused(atTime(520), { logs })).toContain(
      'b.000005 was written by a server with server_id 2, and b.000004 by one with 1',
    );
    const renamed = logs.map((each) => ({ ...each, serverIdentity: 'A' }));
    expect(choose(atTime(520), { logs: renamed })).toMatchObject({ last: name(5) });
  });

  it('of the Python tool, which does not tell the server, are', () => {
    const logs = LOGS.map((each) => ({ ...each, serverIdentity: undefined }));
    expect(choose(atTime(520), { logs })).toMatchObject({ key: NEW.key, last: name(5) });
  });
});
