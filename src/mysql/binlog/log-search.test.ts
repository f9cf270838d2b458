import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BinlogScanner } from './binlog-scanner.ts';
import { formatGtid } from './gtid-text.ts';
import { type LogQuestion, LogSearch } from './log-search.ts';
import type { RecoveryTarget } from './recovery-target.ts';

const FOLDER = fileURLToPath(new URL('../../../test/fixtures/binlogs', import.meta.url));
const MARIADB = readFileSync(`${FOLDER}/mariadb-10.11/mysql-bin.000001`);
const MYSQL = readFileSync(`${FOLDER}/mysql-9.7/mysql-bin.000001`);
const CREATED = 1_795_711_323;
const UUID = '87d8900a-e9b7-11f1-8c4a-02fc00000001';
const AGES = { from: 0, to: undefined };

function search(log: Buffer, target: RecoveryTarget, more: Partial<LogQuestion> = {}) {
  const scanner = new BinlogScanner((group) => looking.take(group, () => scanner.gtidState));
  const looking = new LogSearch({ target, from: 4, window: AGES, ...more });
  scanner.feed(log);
  const scan = scanner.result();
  const closed = scan.kind === 'read' ? scan.contents.closedTime : undefined;
  return looking.result(scanner.gtidState, closed);
}

const at = (microseconds: number): RecoveryTarget => ({
  kind: 'time',
  at: microseconds,
  assumedZone: undefined,
});

/** The last and the next transaction of a cut, and the GTIDs in front of it. */
function shown(cut: ReturnType<typeof search>['cut']) {
  const name = (group: NonNullable<typeof cut>['lastIncluded']) => group?.gtid && formatGtid(group.gtid);
  return cut && [name(cut.lastIncluded), name(cut.firstLeftOut), cut.gtidState, cut.transactions];
}

describe('the search in a log of MariaDB', () => {
  it('by GTID includes it', () => {
    const found = search(MARIADB, { kind: 'gtid', gtid: '2-9-1' });
    expect(found.hasTarget).toBe(true);
    expect(shown(found.cut)).toEqual(['2-9-1', '0-9-4', '0-7-3,2-9-1', 4]);
    expect(search(MARIADB, { kind: 'gtid', gtid: '2-9-2' })).toMatchObject({
      cut: undefined,
      hasTarget: false,
    });
  });

  it('by position ends where a transaction does, and tells the one around it', () => {
    const position = (number: number): RecoveryTarget => ({
      kind: 'position',
      binlog: 'b',
      position: number,
    });
    expect(shown(search(MARIADB, position(791)).cut)).toEqual(['0-7-3', '2-9-1', '0-7-3', 3]);
    expect(search(MARIADB, position(800)).around).toMatchObject({ start: 791, end: 992 });
    // In front of the first one.
    for (const number of [4, 256, 328]) {
      expect(shown(search(MARIADB, position(number)).cut)).toEqual([undefined, '0-7-1', '', 0]);
    }
    expect(search(MARIADB, position(1595))).toMatchObject({ cut: undefined, around: undefined });
  });

  it('by time cuts in front of the first one of that second', () => {
    expect(shown(search(MARIADB, at(CREATED * 1e6)).cut)).toEqual([undefined, '0-7-1', '', 0]);
    expect(search(MARIADB, at((CREATED + 1) * 1e6)).cut).toBeUndefined();
  });

  it('passes over times from before the log, and counts them', () => {
    const { end } = search(MARIADB, at((CREATED + 1) * 1e6), { window: { from: CREATED, to: CREATED } });
    expect(end).toMatchObject({ transactions: 7, foreignTimes: 1, gtidState: '0-9-4,0-7-6,2-9-1' });
  });

  it('counts from where the copy ends, and tells what the copy has already', () => {
    const after = search(MARIADB, { kind: 'latest' }, { from: 992 });
    expect(shown(after.end)).toEqual(['0-7-6', undefined, '0-9-4,0-7-6,2-9-1', 3]);
    expect(search(MARIADB, { kind: 'gtid', gtid: '0-7-2' }, { from: 992 }).alreadyIn).toMatchObject({
      end: 590,
    });
    expect(search(MARIADB, at(CREATED * 1e6), { from: 992 }).alreadyIn).toMatchObject({ start: 328 });
    expect(search(MARIADB, { kind: 'latest' }, { from: 1000 }).brokenStart).toMatchObject({ start: 992 });
  });

  it('ends behind the last complete one of a log that was cut off anywhere', () => {
    const whole: number[] = [];
    const scanner = new BinlogScanner(({ end }) => whole.push(end));
    scanner.feed(MARIADB);
    scanner.result();
    for (let length = 330; length < MARIADB.length; length += 1) {
      const { end } = search(MARIADB.subarray(0, length), { kind: 'latest' });
      expect(end.transactions).toBe(whole.filter((each) => each <= length).length);
      expect(end.lastIncluded?.end ?? 0).toBeLessThanOrEqual(length);
    }
  });
});

describe('a time that a session has SET', () => {
  /** The log with the time of one transaction changed. */
  const withTime = (start: number, seconds: number): Buffer => {
    const log = Buffer.from(MARIADB);
    log.writeUInt32LE(seconds, start);
    return log;
  };
  const window = { from: CREATED, to: CREATED + 10 };
  /** The transactions behind 791 are five seconds later. */
  const later = [791, 992, 1193, 1394].reduce((log, start) => {
    const copy = Buffer.from(log);
    copy.writeUInt32LE(CREATED + 5, start);
    return copy;
  }, MARIADB);

  it('in the future does not end the replay', () => {
    const log = withTime(451, CREATED + 9_999_999);
    later.copy(log, 791, 791);
    for (const closed of [window, { from: CREATED, to: undefined }]) {
      const { cut } = search(log, at((CREATED + 3) * 1e6), { window: closed });
      // Without a next log the end of this one tells, which was closed at its beginning.
      expect(shown(cut)).toEqual(closed.to === undefined ? undefined : ['0-7-3', '2-9-1', '0-7-3', 3]);
      if (cut) expect(cut.foreignTimes).toBe(1);
    }
  });

  it('is believed in a log that ended before it began: its clock was put back', () => {
    const log = withTime(451, CREATED + 4);
    // The log is closed at CREATED.
    const begun = { from: CREATED + 2, to: undefined };
    expect(shown(search(log, at((CREATED + 3) * 1e6), { window: begun }).cut)?.[0]).toBe('0-7-1');
  });

  it('counts where nothing shows that it is none', () => {
    const log = withTime(451, CREATED + 4);
    expect(shown(search(log, at((CREATED + 3) * 1e6), { window }).cut)).toEqual([
      '0-7-1',
      '0-7-2',
      '0-7-1',
      1,
    ]);
  });
});

describe('the search in a log of MySQL', () => {
  it('goes by the microseconds of the commits, also under SET TIMESTAMP', () => {
    const cut = (microseconds: number) => shown(search(MYSQL, at(microseconds)).cut);
    expect(cut(1_795_710_990_141_274)?.slice(0, 2)).toEqual([`${UUID}:2`, `${UUID}:3`]);
    expect(cut(1_795_710_990_141_275)?.slice(0, 2)).toEqual([`${UUID}:3`, `${UUID}:nightly:1`]);
    // The last one has SET it.
    expect(cut(1_795_710_990_200_305)?.[1]).toBe(`${UUID}:4`);
    expect(cut(1_795_710_990_200_306)).toBeUndefined();
  });

  it('finds GTIDs with and without tags', () => {
    const state = `00000000-0000-0000-0000-00000000000a:77,${UUID}:1-3:nightly:1-2`;
    expect(
      shown(search(MYSQL, { kind: 'gtid', gtid: '00000000-0000-0000-0000-00000000000a:77' }).cut)?.[2],
    ).toBe(state);
    expect(shown(search(MYSQL, { kind: 'gtid', gtid: `${UUID}:nightly:1` }).cut)?.[1]).toBe(
      `${UUID}:nightly:2`,
    );
  });
});
