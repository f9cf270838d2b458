import { describe, expect, it } from 'vitest';
import { ProcessError, TwinDbError } from '../../errors.ts';
import { explainReplay, LostServerError } from './explain-replay.ts';

const KNOWN = {
  trace: { groupAt: () => ({ line: 40, offset: 1000, gtid: '0-1-7' }), offset: 900 },
  feed: { locate: (offset: number) => ({ binlog: 'mysql-bin.000002', position: offset - 500 }) },
};

const ended = (...stderr: string[]) => new ProcessError('it failed', { exitCode: 1, signal: null, stderr });

describe('why a replay failed', () => {
  it('names log, position, GTID and error of a statement, and what can be reached', () => {
    const error = explainReplay(
      ended("ERROR 1062 (23000) at line 44: Duplicate entry '1' for key 'PRIMARY'"),
      KNOWN,
    );
    expect(error).toMatchObject({
      message:
        "The replay failed in the transaction that begins at mysql-bin.000002, position 500, GTID 0-1-7: error 1062: Duplicate entry '1' for key 'PRIMARY'",
      remedy: 'The end of the transaction before can be reached: --to-position mysql-bin.000002:500',
    });
  });

  it('without a number, where the client itself gives up', () => {
    const error = explainReplay(ended('ERROR at line 3: Unknown command'), {
      ...KNOWN,
      trace: { ...KNOWN.trace, groupAt: () => undefined },
    });
    expect(error).toMatchObject({
      message: 'The replay failed at line 3 of its statements: Unknown command',
      remedy: 'Restore to a target that lies before it.',
    });
  });

  it.each(['2013', '2006'])('tells a server that has ended: error %s', (errno) => {
    const error = explainReplay(ended(`ERROR ${errno} (HY000) at line 44: Lost connection`), KNOWN);
    expect(error).toBeInstanceOf(LostServerError);
  });

  it('says what to do about a full disk', () => {
    const error = explainReplay(ended("ERROR 1114 (HY000) at line 44: The table 't' is full"), KNOWN);
    expect(error).toMatchObject({ remedy: expect.stringContaining('Make room') as string });
  });

  it.each([
    [['ERROR: Could not read entry at offset 700: Error in log format or read error.'], 'at position 200'],
    [["ERROR: Error in Log_event::read_log_event(): 'Event truncated', data_len: 9"], 'behind position 400'],
  ])('names the place of damage in a log: %j', (lines, place) => {
    expect(explainReplay(ended(...lines), KNOWN)).toMatchObject({
      message: `The log mysql-bin.000002 is damaged or of an unknown form ${place}`,
    });
  });

  it('leaves other errors as they are, and keeps the cause of what it does not know', () => {
    const other = new TwinDbError('something else');
    expect(explainReplay(other, KNOWN)).toBe(other);
    const unknown = ended('what is this');
    expect(explainReplay(unknown, KNOWN)).toMatchObject({
      message: 'The binary logs could not be replayed',
      cause: unknown,
    });
  });
});
