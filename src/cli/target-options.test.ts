import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addTargetOptions, parseTargetGtid, parseTargetPosition, parseTargetTime } from './target-options.ts';

const NOON = Date.UTC(2026, 0, 31, 12) * 1000;

describe('the time of a target', () => {
  it.each([
    ['2026-01-31T12:00:00Z', NOON],
    ['2026-01-31 13:00:00+01:00', NOON],
    ['2026-01-31T12:00:00.25Z', NOON + 250_000],
    ['2026-01-31T12:00:00.123456Z', NOON + 123_456],
    ['2026-01-31T12:00:00.1234569Z', NOON + 123_456],
    ['2026-01-31T12:00:00.000009Z', NOON + 9],
  ])('%s is exact to a microsecond', (text, at) => {
    expect(parseTargetTime(text)).toEqual({ kind: 'time', at, assumedZone: undefined });
  });

  it('without a zone is that of this host, which is named', () => {
    const at = new Date(2026, 0, 31, 12).getTime() * 1000;
    const assumedZone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
    expect(parseTargetTime('2026-01-31 12:00')).toEqual({ kind: 'time', at, assumedZone });
  });
});

const UUID = '3e11fa47-71ca-11e1-9e33-c80aa9429562';

describe('the GTID of a target', () => {
  it.each(['0-1-4711', `${UUID}:1`, `${UUID}:blue_1:77`])('%s is one transaction', (gtid) => {
    expect(parseTargetGtid(gtid.toUpperCase())).toEqual({ kind: 'gtid', gtid });
  });

  it.each(['', '1-2', `${UUID}:1-5`, `${UUID}:0`, '0-1-4,1-1-5', UUID])('%j is refused', (text) => {
    expect(() => parseTargetGtid(text)).toThrow('GTID of one transaction');
  });
});

describe('the position of a target', () => {
  it('is a log and a number', () => {
    const target = { kind: 'position', binlog: 'db:1.000042', position: 5_000_000_000 };
    expect(parseTargetPosition('db:1.000042:5000000000')).toEqual(target);
  });

  it.each(['', '42', 'mysql-bin:4', 'mysql-bin.000042', 'mysql-bin.000042:-4', '../x.000042:4'])(
    '%j is refused',
    (text) => {
      expect(() => parseTargetPosition(text)).toThrow('a binary log and a position in it');
    },
  );
});

describe('the options of a target', () => {
  const parse = (...words: readonly string[]) =>
    addTargetOptions(new Command().exitOverride().configureOutput({ writeErr: () => undefined }))
      .parse(words, { from: 'user' })
      .opts();

  it('give one target', () => {
    expect(parse('--to-latest')).toEqual({ toLatest: true });
    expect(parse('--to-gtid', '0-1-2')).toEqual({ toGtid: { kind: 'gtid', gtid: '0-1-2' } });
  });

  it.each([
    [['--to-latest', '--to-gtid', '0-1-2']],
    [['--to-time', '2026-01-31T12:00Z', '--to-position', 'b.000001:4']],
  ])('exclude each other: %j', (words) => {
    expect(() => parse(...words)).toThrow('cannot be used with option');
  });
});
