import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVENT_HEADER_LENGTH, LENGTH_OFFSET, MAGIC_LENGTH, TYPE_OFFSET } from './binlog-header.ts';
import { GROUP_EVENTS } from './group-event.ts';
import { LastEnd } from './last-end.ts';
import { TransactionEnds } from './transaction-ends.ts';

const FOLDER = fileURLToPath(new URL('../../../test/fixtures/binlogs', import.meta.url));
const LOGS = ['mariadb-10.11', 'mysql-9.7'].flatMap((server) =>
  readdirSync(`${FOLDER}/${server}`)
    .filter((name) => /\.\d+$/.test(name))
    .map((name) => `${server}/${name}`),
);

/** The events of a log, each with where it ends. */
function eventsOf(log: Buffer): { event: Buffer; end: number }[] {
  const events = [];
  for (let at = MAGIC_LENGTH; at < log.length; ) {
    const end = at + log.readUInt32LE(at + LENGTH_OFFSET);
    events.push({ event: log.subarray(at, end), end });
    at = end;
  }
  return events;
}

const BEGINS: readonly number[] = Object.values(GROUP_EVENTS);
/** Stand between transactions: the end of a log, and where a log of MariaDB may be begun after a crash. */
const BETWEEN: readonly number[] = [3, 4, 161];
const typeOf = (event: Buffer) => event.readUInt8(TYPE_OFFSET);

describe.each(LOGS)('the ends of transactions in %s', (name) => {
  const log = readFileSync(`${FOLDER}/${name}`);
  const events = eventsOf(log);

  it('are right before the next one begins, or the log ends, and nowhere else', () => {
    const ends = new TransactionEnds();
    const told = events.map(({ event }) => ends.takeEvent(event));
    let isOpen = false;
    const expected = events.map(({ event }, index) => {
      const next = events[index + 1]?.event;
      if (BEGINS.includes(typeOf(event))) isOpen = true;
      const isLast = next === undefined || BEGINS.includes(typeOf(next)) || BETWEEN.includes(typeOf(next));
      const isEnd = !isOpen || isLast;
      if (isLast) isOpen = false;
      return isEnd;
    });
    expect(told).toEqual(expected);
    const hasTransactions = events.some(({ event }) => BEGINS.includes(typeOf(event)));
    expect(told.includes(false)).toBe(hasTransactions);
  });

  it('are found in whatever pieces the log comes, also where it was cut short', () => {
    const all = new TransactionEnds();
    const ends = [0, ...events.flatMap(({ event, end }) => (all.takeEvent(event) ? [end] : []))];
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: log.length }),
        fc.integer({ min: 1, max: 500 }),
        (length, size) => {
          const last = new LastEnd();
          for (let at = 0; at < length; at += size) last.feed(log.subarray(at, Math.min(at + size, length)));
          expect(last.end).toBe(ends.findLast((end) => end <= length));
        },
      ),
    );
  });
});

describe('an event of a transaction', () => {
  const HEADER = EVENT_HEADER_LENGTH;
  const query = (words: string): Buffer => {
    const event = Buffer.concat([Buffer.alloc(HEADER + 13), Buffer.from(`\0${words}`)]);
    event[TYPE_OFFSET] = 2;
    return event;
  };
  const gtid = (flags: number): Buffer => {
    const event = Buffer.alloc(HEADER + 19);
    event[TYPE_OFFSET] = GROUP_EVENTS.mariadbGtid;
    event[HEADER + 12] = flags;
    return event;
  };
  const other = (type: number): Buffer => {
    const event = Buffer.alloc(HEADER + 4);
    event[TYPE_OFFSET] = type;
    return event;
  };
  const mysqlGtid = other(GROUP_EVENTS.gtid);

  it.each([
    ['a statement of its own on MariaDB', [gtid(1), other(5), query('INSERT')], 2],
    [
      'a prepared XA transaction on MariaDB',
      [gtid(1 | 64), query("XA START X'61'"), other(23), query('XA END'), other(38)],
      4,
    ],
    ['its commit', [gtid(128), query("XA COMMIT X'61',X'',1")], 1],
    ['tables without transactions on MariaDB', [gtid(0), query('INSERT'), query('COMMIT')], 2],
    ['a rollback to a savepoint', [gtid(0), query('ROLLBACK TO `a`'), query('ROLLBACK')], 2],
    ['DDL on MySQL', [mysqlGtid, query('CREATE TABLE t (a INT)')], 1],
    ['a transaction on MySQL', [mysqlGtid, query('BEGIN'), query('INSERT'), other(16)], 3],
    [
      'a transaction that creates a table',
      [mysqlGtid, query('CREATE TABLE t (a INT) START TRANSACTION'), other(30), other(16)],
      3,
    ],
    ['XA on MySQL', [mysqlGtid, query("XA START X'61',X'',1"), query('XA END'), other(38)], 3],
    ['a compressed transaction', [mysqlGtid, other(40)], 1],
    [
      'a long statement that says COMMIT at its end',
      [gtid(0), query(`${'x'.repeat(300)} COMMIT`), other(16)],
      2,
    ],
  ])('closes it when it is the last: %s', (_, events, last) => {
    const ends = new TransactionEnds();
    expect(events.map((event) => ends.takeEvent(event)).indexOf(true)).toBe(last);
  });
});
