import { describe, expect, it } from 'vitest';
import { beginsAnew, planReplay, type StoredBinlog } from './plan-replay.ts';

/** A copy of the log `name`, which was begun at `begun`; it was closed and copied ten seconds later. */
const log = (name: string, begun: number, more: Partial<StoredBinlog> = {}): StoredBinlog => ({
  key: `h/binlog/${name}`,
  name,
  binlog: name.replace(/\.\d{10}$/, ''),
  timeCreated: begun,
  listed: true,
  serverIdentity: 'A',
  gapAfter: undefined,
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

describe('what is replayed', () => {
  it('begins with the log that the server was writing when the copy ended, not with its namesake', () => {
    expect(planReplay(position(45, 'b.000001'), ALL)).toEqual({ kind: 'known', logs: YOUNG });
    expect(planReplay(position(55, 'b.000002'), ALL)).toEqual({ kind: 'known', logs: [YOUNG[1]] });
  });

  it('goes on over the RESET MASTER that came after the copy', () => {
    const plan = planReplay(position(25, 'b.000002'), ALL);
    expect(plan).toEqual({ kind: 'known', logs: [OLD[1], OLD[2], ...YOUNG] });
    expect(beginsAnew([OLD[1], OLD[2], ...YOUNG])).toBe(true);
    expect(beginsAnew(OLD)).toBe(false);
  });

  it('is of the same server: what it wrote later with restored data belongs to those', () => {
    const other = [log('b.000001.0000000040', 40, { serverIdentity: 'B' })];
    expect(planReplay(position(35, 'b.000003'), [...OLD, ...other])).toEqual({
      kind: 'known',
      logs: [OLD[2]],
    });
    expect(planReplay(position(45, 'b.000001', 'B'), [...OLD, ...other])).toEqual({
      kind: 'known',
      logs: other,
    });
    // The copy is of the Python tool, and knows no identity; its log does.
    const plan = planReplay({ ...position(35, 'b.000003'), serverIdentity: undefined }, [...OLD, ...other]);
    expect(plan).toEqual({ kind: 'known', logs: [OLD[2]] });
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
    expect(planReplay(position(18, 'b.000001'), logs)).toEqual({ kind: 'known', logs });
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
    expect(planReplay(position(45, 'b.000001'), [debris, ...YOUNG])).toEqual({ kind: 'known', logs: YOUNG });
    const later = log('b.000003', 0, { ...unlisted, timeCreated: undefined, stored: 70 });
    expect(planReplay(position(60, 'b.000003'), [later, ...YOUNG])).toEqual({
      kind: 'unsure',
      choices: [later],
    });
    // The status is lost.
    expect(planReplay(position(45, 'b.000001'), [debris, later])).toEqual({
      kind: 'known',
      logs: [debris, later],
    });
    const young = { ...YOUNG[0], ...unlisted };
    const lost = planReplay(position(45, 'b.000001'), [debris, young]);
    expect(lost).toEqual({ kind: 'unsure', choices: [debris, young] });
  });
});
