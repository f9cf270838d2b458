import { describe, expect, it } from 'vitest';
import { planReplay, type StoredBinlog } from './plan-replay.ts';

/** A copy of the log `name`, which was begun at `begun`; it was closed and copied ten seconds later. */
const log = (name: string, begun: number, more: Partial<StoredBinlog> = {}): StoredBinlog => ({
  key: `h/binlog/${name}`,
  name,
  binlog: name.replace(/\.\d{10}$/, ''),
  timeCreated: begun,
  listed: true,
  serverIdentity: 'A',
  stored: begun + 10,
  ...more,
});
const unlisted = { listed: false, serverIdentity: undefined };

/** Three logs, RESET MASTER at 40, two logs of the same names. */
const OLD = [log('b.000001', 10), log('b.000002', 20), log('b.000003', 30)] as const;
const YOUNG = [log('b.000001.0000000040', 40), log('b.000002.0000000050', 50)] as const;
const ALL = [...YOUNG, ...OLD];

const position = (
  finished: number | undefined,
  binlog: string,
  serverIdentity: string | undefined = 'A',
) => ({
  binlog,
  serverIdentity,
  backupStarted: finished === undefined ? undefined : finished - 1,
  backupFinished: finished,
});

const known = (logs: readonly StoredBinlog[], beyond: readonly StoredBinlog[] = []) => ({
  kind: 'known',
  logs,
  beyond,
});

describe('what is replayed', () => {
  it('begins with the log that the server was writing when the copy ended, not with its namesake', () => {
    expect(planReplay(position(45, 'b.000001'), ALL)).toEqual(known(YOUNG));
    expect(planReplay(position(55, 'b.000002'), ALL)).toEqual(known([YOUNG[1]]));
  });

  it('is each log once, where two runs without a common lock have both copied it', () => {
    const once = OLD.map((each, index) => ({
      ...each,
      contents: { gtidStart: `0-1-${index}`, gtidEnd: `0-1-${index + 1}`, nextBinlog: undefined },
    }));
    const twins = once.map((each) => ({
      ...each,
      key: `${each.key}.0000000010`,
      name: `${each.name}.0000000010`,
    }));
    expect(planReplay(position(15, 'b.000001'), [...once, ...twins])).toEqual(known(once));
    // Without GTIDs it may be another log.
    const unproven = [...once, ...twins].map((each) => ({ ...each, contents: undefined }));
    expect(planReplay(position(15, 'b.000001'), unproven).kind).toBe('unsure');
  });

  it('ends where the logs begin anew: what was written last before that may be in no copy', () => {
    const plan = planReplay(position(25, 'b.000002'), ALL);
    expect(plan).toEqual(known([OLD[1], OLD[2]], YOUNG));
    // The first log of the new ones was not copied.
    const [late, old] = [log('b.000003', 60), [log('b.000042', 10), log('b.000043', 20)]];
    const logs = [late, log('b.000004', 70), ...old];
    expect(planReplay(position(65, 'b.000003'), logs)).toEqual(known(logs.slice(0, 2)));
    expect(planReplay(position(15, 'b.000042'), logs)).toEqual(known(old, logs.slice(0, 2)));
  });

  it('goes on where the clock of the server was put back, as the GTIDs tell', () => {
    const proven = (
      name: string,
      begun: number,
      [gtidStart, gtidEnd]: [string, string],
      nextBinlog: string,
    ) => log(name, begun, { contents: { gtidStart, gtidEnd, nextBinlog } });
    const logs = [
      proven('b.000001', 100, ['0-1-1', '0-1-5'], 'b.000002'),
      proven('b.000002', 20, ['0-1-5', '0-1-7'], 'b.000003'),
      proven('b.000003', 30, ['0-1-6', '0-1-9'], 'b.000004'),
    ] as const;
    expect(planReplay(position(105, 'b.000001'), logs)).toEqual(known(logs.slice(0, 2), logs.slice(2)));
    // One of before has a later time, and is none that was begun later.
    const before = proven('b.000000', 90, ['0-1-0', '0-1-1'], 'b.000001');
    expect(planReplay(position(105, 'b.000001'), [before, ...logs])).toEqual(
      known(logs.slice(0, 2), logs.slice(2)),
    );
    // What a hostile status may say.
    const circle = [
      proven('b.000007', 100, ['0-1-1', '0-1-1'], 'b.000001'),
      proven('b.000001', 20, ['0-1-1', '0-1-1'], 'b.000007'),
    ];
    expect(planReplay(position(105, 'b.000007'), circle)).toEqual(known(circle));
  });

  it('ends where a log is missing', () => {
    const logs = [log('b.000002', 20), log('b.000003', 30), log('b.000005', 50), log('b.000006', 60)];
    expect(planReplay(position(25, 'b.000002'), logs)).toEqual(known(logs.slice(0, 2), logs.slice(2)));
  });

  it('goes on when the data of the server were moved, which changes its identity, and not its logs', () => {
    const moved = { serverIdentity: 'B' };
    const before = [log('b.000042', 10), log('b.000043', 20)];
    const again = [log('b.000042.0000000010', 10, moved), log('b.000043.0000000020', 20, moved)];
    const after = [log('b.000044', 30, moved), log('b.000045', 40, moved)];
    const logs = [...before, ...again, ...after];
    expect(planReplay(position(15, 'b.000042'), logs)).toEqual(known([...before, ...after]));
    // Without a log in common it may be any server.
    expect(planReplay(position(15, 'b.000042'), [...before, ...after])).toEqual(known(before, after));
  });

  it('is found among thousands', () => {
    const logs = Array.from({ length: 20_000 }, (_, i) => log(`b.${String(i + 1).padStart(6, '0')}`, i * 10));
    expect(planReplay(position(15, 'b.000002'), logs)).toEqual(known(logs.slice(1)));
  });

  it('is of the same server: what it wrote later with restored data belongs to those', () => {
    const other = [log('b.000001.0000000040', 40, { serverIdentity: 'B' })];
    expect(planReplay(position(35, 'b.000003'), [...OLD, ...other])).toEqual(known([OLD[2]], other));
    expect(planReplay(position(45, 'b.000001', 'B'), [...OLD, ...other])).toEqual(known(other));
    // The copy is of the Python tool, and knows no identity; its log does.
    const plan = planReplay({ ...position(35, 'b.000003'), serverIdentity: undefined }, [...OLD, ...other]);
    expect(plan).toEqual(known([OLD[2]], other));
  });

  it('is not there when only logs of other eras have the name', () => {
    expect(planReplay(position(55, 'b.000003'), ALL)).toEqual({ kind: 'not-copied', others: [OLD[2]] });
    expect(planReplay(position(25, 'b.000004'), OLD)).toEqual({ kind: 'not-copied', others: [] });
    expect(planReplay(position(45, 'b.000001', 'B'), OLD)).toEqual({ kind: 'not-copied', others: [] });
  });

  it('is not the only copy of that name when that was closed and stored before the backup began', () => {
    expect(planReplay(position(45, 'b.000001'), OLD)).toEqual({ kind: 'not-copied', others: [OLD[0]] });
  });

  it('is not known when that was stored before, and no other log tells when it was closed', () => {
    const plan = planReplay(position(45, 'b.000001'), [OLD[0]]);
    expect(plan).toEqual({ kind: 'unsure', choices: [OLD[0]] });
  });

  it('is found although the clock of the destination is slow', () => {
    const logs = [log('b.000001', 10, { stored: 5 }), log('b.000002', 20, { stored: 15 })] as const;
    expect(planReplay(position(18, 'b.000001'), logs)).toEqual(known(logs));
  });

  it('is not known when no status tells when the copy was made, and several have the name', () => {
    const choices = [OLD[0], YOUNG[0]];
    expect(planReplay(position(undefined, 'b.000001', undefined), ALL)).toEqual({ kind: 'unsure', choices });
    expect(planReplay(position(undefined, 'b.000003'), ALL)).toMatchObject({ kind: 'known' });
  });

  it('is not known when a log was begun anew within one second', () => {
    const twins = [log('b.000001', 10), log('b.000001.0000000011', 10)];
    expect(planReplay(position(15, 'b.000001'), twins)).toEqual({ kind: 'unsure', choices: twins });
  });

  it('does not count what no status lists, unless there is nothing else', () => {
    const debris = log('b.000001', 0, { ...unlisted, timeCreated: undefined, stored: 60 });
    expect(planReplay(position(45, 'b.000001'), [debris, ...YOUNG])).toEqual(known(YOUNG));
    const later = log('b.000003', 0, { ...unlisted, timeCreated: undefined, stored: 70 });
    expect(planReplay(position(60, 'b.000003'), [later, ...YOUNG])).toEqual({
      kind: 'unsure',
      choices: [later],
    });
    // The status is lost.
    expect(planReplay(position(45, 'b.000001'), [debris, later])).toEqual(known([debris]));
    const young = { ...YOUNG[0], ...unlisted };
    const lost = planReplay(position(45, 'b.000001'), [debris, young]);
    expect(lost).toEqual({ kind: 'unsure', choices: [debris, young] });
  });
});
