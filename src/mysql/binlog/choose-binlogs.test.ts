import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BinlogCopy, binlogCopyKey } from '../../copies/binlog-copy.ts';
import { planBinlogs } from '../../retention/plan-binlogs.ts';
import {
  chooseBinlogs,
  describeHistory,
  describeRemoved,
  namesToCompare,
  type ServerBinlog,
} from './choose-binlogs.ts';

/** The log with this number; its time is 100 times the number, unless said otherwise. */
function log(number: number, timeCreated: number | undefined = number * 100): ServerBinlog {
  return { name: `b.${String(number).padStart(6, '0')}`, timeCreated, isMissing: false };
}

function copyOf(
  { name, timeCreated = 0 }: Pick<ServerBinlog, 'name' | 'timeCreated'>,
  serverIdentity: string | undefined = 'a',
  key = `db1/binlog/${name}`,
): BinlogCopy {
  return {
    key,
    host: 'db1',
    name: key.slice('db1/binlog/'.length),
    binlog: name,
    timeCreated,
    serverIdentity,
    gapAfter: undefined,
    size: undefined,
    sha256: undefined,
    chain: undefined,
    contents: undefined,
  };
}

const NOW = 1_000_000;

function choose(closedLogs: readonly ServerBinlog[], copies: readonly BinlogCopy[]) {
  const { logs, history } = chooseBinlogs({ closedLogs, serverIdentity: 'a', copies, now: NOW });
  return { names: logs.map(({ log: { name } }) => name), history };
}

/** The gaps before the chosen logs, and what is said of them. */
function gaps(closedLogs: readonly ServerBinlog[], copies: readonly BinlogCopy[]) {
  const { logs } = chooseBinlogs({ closedLogs, serverIdentity: 'a', copies, now: NOW });
  return logs.map((chosen) => [chosen.log.name, chosen.gapAfter, describeRemoved(chosen)]);
}

const removed = (number: number): ServerBinlog => ({ ...log(number, undefined), isMissing: true });

describe('the choice of binlogs', () => {
  it('takes every closed log the first time', () => {
    expect(choose([log(1), log(2)], [])).toEqual({
      names: ['b.000001', 'b.000002'],
      history: { kind: 'first' },
    });
    expect(choose([], []).names).toEqual([]);
  });

  it('takes what is newer than the last copied log, and no older one whose copy has expired', () => {
    expect(choose([log(1), log(2), log(3), log(4)], [copyOf(log(2)), copyOf(log(3))])).toEqual({
      names: ['b.000004'],
      history: { kind: 'continued', after: 'b.000003' },
    });
  });

  it('goes on by number when the numbers grow by a digit', () => {
    const copies = [copyOf(log(999_998, 6)), copyOf(log(999_999, 7)), copyOf(log(1_000_000, 7))];
    const logs = [log(999_999, 7), log(1_000_000, 7), log(1_000_001)];
    expect(choose(logs, copies).names).toEqual(['b.1000001']);
    expect(choose(logs.slice(2), copies).history).toEqual({ kind: 'continued', after: 'b.1000000' });
  });

  it('goes on after what the Python tool copied, which recorded no server', () => {
    expect(choose([log(1), log(2)], [copyOf(log(1), undefined)]).names).toEqual(['b.000002']);
  });

  it('goes on when the last copied log was purged since, without a warning', () => {
    const { names, history } = choose([log(3)], [copyOf(log(2))]);
    expect(names).toEqual(['b.000003']);
    expect(describeHistory(history).level).toBe('debug');
  });

  it('warns loudly when logs were purged before they were copied', () => {
    expect(choose([log(5)], [copyOf(log(2))])).toEqual({
      names: ['b.000005'],
      history: { kind: 'gap', after: 'b.000002', missing: 2 },
    });
    const { names, history } = choose([log(4)], [copyOf(log(2))]);
    expect(names).toEqual(['b.000004']);
    expect(describeHistory(history)).toEqual({
      level: 'warn',
      message: expect.stringMatching(/^The server purged 1 binary log after b.000002 before/) as string,
    });
  });

  it('takes all logs after RESET MASTER, also those whose names were copied before', () => {
    const copies = [copyOf(log(1)), copyOf(log(2)), copyOf(log(3))];
    const anew = [log(1, 1001), log(2, 1002), log(3, 1003)];
    for (const count of [1, 3]) {
      const { names, history } = choose(anew.slice(0, count), copies);
      expect(names).toEqual(anew.slice(0, count).map(({ name }) => name));
      expect(history).toEqual({ kind: 'reset', after: 'b.000003' });
    }
    const next = [...copies, copyOf(log(1, 1001), 'a', 'db1/binlog/b.000001.1001')];
    expect(choose(anew, next).names).toEqual(['b.000002', 'b.000003']);
  });

  it('takes all logs when log_bin got another name', () => {
    const { names, history } = choose([log(7)], [copyOf({ name: 'old.000003', timeCreated: 3 })]);
    expect(names).toEqual(['b.000007']);
    expect(history).toEqual({ kind: 'reset', after: 'old.000003' });
  });

  it('takes all logs of another server, also when its names were copied before', () => {
    const { names, history } = choose([log(1)], [copyOf(log(1), 'b')]);
    expect(names).toEqual(['b.000001']);
    expect(history).toEqual({ kind: 'other-server', after: 'b.000001' });
    expect(describeHistory(history).level).toBe('warn');
  });

  it('goes on with the own logs when another server was copied in between', () => {
    expect(choose([log(1), log(2)], [copyOf(log(1)), copyOf(log(9), 'b')])).toEqual({
      names: ['b.000002'],
      history: { kind: 'continued', after: 'b.000001' },
    });
  });

  it('goes by the name alone where the time of a log is not known', () => {
    const unknown = { name: 'b.000001', timeCreated: undefined, isMissing: false };
    expect(choose([unknown, log(2)], [copyOf(log(1))]).names).toEqual(['b.000002']);
  });

  it('passes over logs that were removed by hand, each of which is a gap that is said with its remedy', () => {
    const logs = [log(1), removed(2), log(3), log(4), removed(5), removed(6), log(7), removed(8)];
    expect(gaps(logs, [copyOf(log(1))])).toEqual([
      [
        'b.000003',
        'b.000001',
        'The server still lists b.000002, but its file was removed before it was copied: no point in time between b.000001 and ' +
          "the next full or incremental copy can be restored. PURGE BINARY LOGS TO 'b.000003' makes the server forget what is " +
          'missing; it deletes every log before b.000003, so make sure first that no replica needs one',
      ],
      ['b.000004', undefined, undefined],
      [
        'b.000007',
        'b.000004',
        expect.stringContaining(
          'b.000005 to b.000006, but their files were removed before they were copied',
        ) as string,
      ],
    ]);
  });

  it('takes no removed log for an older one of its name, where RESET MASTER gave the names again', () => {
    const older = [1, 2, 3, 4, 5, 6].map((number) => ({ ...copyOf(log(number)), timeCreated: 5 }));
    expect(gaps([log(1), log(2), log(3), removed(4), log(5)], older).map(([name]) => name)).toEqual([
      'b.000001',
      'b.000002',
      'b.000003',
      'b.000005',
    ]);
  });

  it('says nothing of a log that was removed after it was copied', () => {
    expect(gaps([removed(1), removed(2), log(3)], [copyOf(log(1)), copyOf(log(2))])).toEqual([
      ['b.000003', undefined, undefined],
    ]);
  });

  it('names a log that was removed although nothing was copied before, or after others were purged', () => {
    expect(gaps([removed(1), log(2)], [])).toMatchObject([
      ['b.000002', undefined, expect.stringContaining('between b.000001 and')],
    ]);
    expect(gaps([removed(4), log(5)], [copyOf(log(2))])).toMatchObject([
      ['b.000005', 'b.000002', expect.stringContaining('lists b.000004')],
    ]);
  });

  it.each([
    ["it's.000002", "PURGE BINARY LOGS TO 'it''s.000002'"],
    ['-x.000002', "PURGE BINARY LOGS TO '-x.000002'"],
    ['a\\.000002', "PURGE BINARY LOGS TO 'a\\\\.000002'"],
  ])('quotes the name in the statement: %s', (name, statement) => {
    const first = { ...removed(1), name: name.replace('2', '1') };
    const [[, , message] = []] = gaps([first, { ...log(2), name }], []);
    expect(message).toContain(`${statement} makes`);
  });

  it('continues after the last log with a credible date, although a clock was ahead once', () => {
    const ahead = copyOf({ name: 'b.000003', timeCreated: NOW + 86_400 });
    const copies = [copyOf(log(2)), ahead, copyOf(log(4)), copyOf(log(5))];
    expect(choose([log(6)], copies).history).toEqual({ kind: 'continued', after: 'b.000005' });
  });

  it('needs the times of those logs only whose names were copied, newest first', () => {
    expect(
      namesToCompare([log(2), log(3), log(4)], [copyOf(log(1)), copyOf(log(2)), copyOf(log(3))]),
    ).toEqual(['b.000003', 'b.000002']);
  });
});

describe('any sequence of flushes, purges, resets, failures and expiries', () => {
  type Step = 'flush' | 'purge' | 'reset' | 'back up' | 'back up, failing after one';
  const steps = fc.array(
    fc.constantFrom<Step>('flush', 'flush', 'purge', 'reset', 'back up', 'back up, failing after one'),
    { maxLength: 60 },
  );

  it('copies every log once that was closed when it was backed up, and says when one was lost to a purge', () => {
    fc.assert(
      fc.property(steps, fc.nat(5), (sequence, expireLogDays) => {
        let time = 1;
        let number = 1;
        // What happened since the last backup; after a reset the numbers may happen to fit, and nothing shows the loss.
        let [isLost, isReset] = [false, false];
        let server: ServerBinlog[] = [log(1, time)];
        let copies: BinlogCopy[] = [];
        const copied = new Set<number>();
        const backUp = (failAfter: number) => {
          const before = copies;
          number += 1;
          server = [...server, log(number, time)];
          const { logs, history } = chooseBinlogs({
            closedLogs: server.slice(0, -1),
            serverIdentity: 'a',
            copies,
            now: time,
          });
          const made = new Set<string>();
          for (const { log: each } of logs.slice(0, failAfter)) {
            const { name, timeCreated = 0 } = each;
            expect(copied).not.toContain(timeCreated);
            copied.add(timeCreated);
            const key = binlogCopyKey('db1', { binlog: name, timeCreated }, (taken) =>
              copies.some((copy) => copy.key === taken),
            );
            copies = [...copies, copyOf(each, 'a', key)];
            made.add(key);
          }
          expect(new Set(copies.map(({ key }) => key)).size).toBe(copies.length);
          if (before.length > 0 && history.kind === 'first') throw new Error('the copies were not seen');
          // A day is one second here, so that some copies expire.
          const days = { expireLogDays: expireLogDays / 86_400, now: time, justCopied: made };
          const plan = planBinlogs(copies, { ...days, serverIdentity: 'a' });
          copies = plan.filter(({ keep }) => keep).map(({ copy }) => copy);
          expect(copies.length).toBeGreaterThanOrEqual(Math.min(1, before.length));
          return { history };
        };
        for (const step of sequence) {
          time += 1;
          if (step === 'flush') {
            number += 1;
            server = [...server, log(number, time)];
          } else if (step === 'purge') {
            isLost ||= server.slice(0, -1).some(({ timeCreated = 0 }) => !copied.has(timeCreated));
            server = server.slice(-1);
          } else if (step === 'reset') {
            number = 1;
            server = [log(1, time)];
            isReset = true;
          } else {
            const failing = step !== 'back up';
            const { history } = backUp(failing ? 1 : Number.POSITIVE_INFINITY);
            if (isLost && !isReset && history.kind !== 'first') expect(history.kind).toBe('gap');
            if (!isLost && !isReset) expect(['first', 'continued', 'reset']).toContain(history.kind);
            [isLost, isReset] = [false, false];
            if (failing) continue;
            const missed = server.slice(0, -1).filter(({ timeCreated = 0 }) => !copied.has(timeCreated));
            expect(missed).toEqual([]);
          }
        }
      }),
    );
  });
});
