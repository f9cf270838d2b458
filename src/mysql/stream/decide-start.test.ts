import { describe, expect, it } from 'vitest';
import { decideStart, describeStart, namesToDate, type PresentLog } from './decide-start.ts';

const log = (number: number, size = 100, timeCreated: number | undefined = 1000 + number): PresentLog => ({
  name: `bin.00000${number}`,
  size,
  timeCreated,
});
const name = (number: number, timeCreated = 1000 + number) => ({ binlog: `bin.00000${number}`, timeCreated });
const parts = (
  number: number,
  end: number,
  mark: string | undefined = 'us',
  timeCreated = 1000 + number,
) => ({
  ...name(number, timeCreated),
  mark,
  end,
});
const from = (number: number, position: number, timeCreated: number | undefined = 1000 + number) => ({
  binlog: `bin.00000${number}`,
  position,
  timeCreated,
});
const decide = (
  present: readonly [PresentLog, ...PresentLog[]],
  streamed: ReturnType<typeof parts>[],
  sealed: ReturnType<typeof name>[] = [],
) => decideStart({ present, streamed, sealed, mark: 'us' });

describe('a server is followed', () => {
  it('from the log that it is writing, the first time', () => {
    expect(decide([log(1), log(2)], [])).toEqual({ kind: 'first', from: from(2, 0) });
  });

  it('from behind what is stored', () => {
    expect(decide([log(1), log(2)], [parts(2, 60)])).toEqual({ kind: 'continued', from: from(2, 60) });
    // Closed meanwhile; also when all of it is stored.
    expect(decide([log(1), log(2), log(3)], [parts(1, 100), parts(2, 100)])).toEqual({
      kind: 'continued',
      from: from(2, 100),
    });
  });

  it('from the log behind the last one that is stored as a whole, whatever parts of that are left', () => {
    expect(decide([log(1), log(2), log(3)], [parts(1, 40)], [name(1)])).toEqual({
      kind: 'continued',
      from: from(2, 0),
    });
    // All that is stored as a whole may be purged.
    expect(decide([log(3), log(4)], [], [name(2)])).toEqual({ kind: 'continued', from: from(3, 0) });
  });

  it('from the beginning of the log of which only whose it is was stored', () => {
    expect(decide([log(1), log(2)], [parts(2, 0)])).toEqual({ kind: 'continued', from: from(2, 0) });
  });

  it('from the next log where more is stored than the server has', () => {
    const shorter = decide([log(1, 50), log(2)], [parts(1, 60)]);
    expect(shorter).toEqual({ kind: 'shorter', log: log(1, 50), stored: 60, from: from(2, 0) });
    expect(describeStart(shorter)).toMatchObject({
      level: 'warn',
      message: expect.stringContaining('The server has 50 bytes of bin.000001, of which 60 are stored'),
    });
    expect(decide([log(1, 50)], [parts(1, 60)])).toMatchObject({ kind: 'rewritten', stored: 60 });
  });

  it('from the log that it is writing after RESET MASTER, also where the names are the same', () => {
    expect(decide([log(1, 100, 5000)], [parts(1, 60), parts(2, 60)])).toEqual({
      kind: 'reset',
      after: 'bin.000002',
      from: from(1, 0, 5000),
    });
  });

  it('from the log that it is writing where it has purged what was not stored', () => {
    expect(decide([log(5), log(6)], [parts(2, 60)], [name(1)])).toEqual({
      kind: 'purged',
      after: 'bin.000002',
      end: 60,
      from: from(6, 0),
    });
    expect(decide([log(5), log(6)], [], [name(2)])).toMatchObject({ kind: 'purged', end: undefined });
  });

  it('from the log that it is writing where all that is stored is of another server', () => {
    expect(decide([log(1)], [parts(1, 60, 'another')])).toEqual({
      kind: 'other-server',
      after: 'bin.000001',
      from: from(1, 0),
    });
  });
});

it('only logs of which something is stored need their time, the newest first', () => {
  expect(namesToDate([log(1), log(2), log(3)], [name(1), name(2), name(9)])).toEqual([
    'bin.000002',
    'bin.000001',
  ]);
});
