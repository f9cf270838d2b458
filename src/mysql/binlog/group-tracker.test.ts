import { describe, expect, it } from 'vitest';
import type { BinlogEvent } from './event-walker.ts';
import type { Group } from './group-event.ts';
import { type GroupSpan, GroupTracker } from './group-tracker.ts';

const LENGTH = 100;
const QUERY = 2;
const ROWS = 30;
const XID = 16;
const XA_PREPARE = 38;
const PAYLOAD = 40;
const COMPRESSED = 165;
const ROTATE = 4;
const CHECKPOINT = 161;

/** What happens in a log: `mysql`, `mariadb` or `mariadb-standalone` begins a group; a number is an event of that type, another text a Query. */
type Step = number | string;

/** The body of a Query event: of a database `db`, with three bytes of variables. */
function query(statement: string): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt8(2, 8);
  head.writeUInt16LE(3, 11);
  return Buffer.concat([head, Buffer.from('vardb\0'), Buffer.from(statement)]);
}

const STANDALONE: Readonly<Record<string, boolean | undefined>> = {
  mysql: undefined,
  mariadb: false,
  'mariadb-standalone': true,
};

/** Which steps the groups have, as first and last, and which are left open. */
function track(steps: readonly Step[]) {
  const groups: [number, number][] = [];
  const tracker = new GroupTracker(({ start, end }: GroupSpan) =>
    groups.push([start / LENGTH, end / LENGTH - 1]),
  );
  for (const [index, step] of steps.entries()) {
    const isGroup = typeof step === 'string' && step in STANDALONE;
    const event: BinlogEvent = {
      offset: index * LENGTH,
      type: typeof step === 'number' ? step : isGroup ? 162 : QUERY,
      when: 1,
      serverId: 1,
      length: LENGTH,
      body: typeof step === 'string' && !isGroup ? query(step) : undefined,
    };
    const group: Group | undefined = isGroup
      ? { time: 1, isCommitTime: false, isStandalone: STANDALONE[step], gtid: undefined }
      : undefined;
    tracker.take(event, group);
  }
  tracker.finish(steps.length * LENGTH);
  return { groups, open: tracker.open === undefined ? undefined : tracker.open.start / LENGTH };
}

describe('a transaction in a binary log', () => {
  it.each<[string, Step[]]>([
    ['of MySQL, of rows', ['mysql', 'BEGIN', ROWS, ROWS, XID]],
    ['of MySQL, of tables without transactions', ['mysql', 'BEGIN', ROWS, 'COMMIT']],
    ['of MySQL, rolled back in part', ['mysql', 'BEGIN', 'INSERT …', 'ROLLBACK']],
    ['of MySQL, compressed', ['mysql', PAYLOAD]],
    ['of MySQL, a statement by itself', ['mysql', 5, 'CREATE TABLE t (id INT)']],
    ['of MySQL, a statement that is too long to be held', ['mysql', QUERY]],
    ['of MySQL, that CREATE TABLE … SELECT began', ['mysql', 'BEGIN', 'CREATE TABLE t …', ROWS, XID]],
    [
      'of MySQL, CREATE TABLE … SELECT as one',
      ['mysql', `CREATE TABLE t (${'c INT, '.repeat(100)}id INT) START TRANSACTION`, 19, ROWS, XID],
    ],
    ['of MySQL, prepared by XA', ['mysql', "XA START X'61'", ROWS, "XA END X'61'", XA_PREPARE]],
    ['of XA, committed', ['mysql', "XA COMMIT X'61',X'',1"]],
    ['of XA on MariaDB, rolled back', ['mariadb', "XA ROLLBACK X'61',X'',1"]],
    ['of MariaDB, of rows', ['mariadb', 160, 19, ROWS, XID]],
    ['of MariaDB, of statements', ['mariadb', 5, 'INSERT …', 'UPDATE …', 'COMMIT']],
    ['of MariaDB, of compressed statements', ['mariadb', COMPRESSED, COMPRESSED, 'COMMIT']],
    ['of MariaDB, a statement by itself', ['mariadb-standalone', 'DROP TABLE t']],
    ['of MariaDB, a compressed one', ['mariadb-standalone', COMPRESSED]],
  ])('%s: has all its events', (_what, steps) => {
    const last = steps.length - 1;
    expect(track(steps)).toEqual({ groups: [[0, last]], open: undefined });
    // Not those between it and the next one, and none of the next one.
    expect(track([...steps, CHECKPOINT, ...steps])).toEqual({
      groups: [
        [0, last],
        [last + 2, 2 * last + 2],
      ],
      open: undefined,
    });
    // Without its last event it is not complete.
    if (last > 1) expect(track(steps.slice(0, -1))).toEqual({ groups: [], open: 0 });
  });

  it('ends at the latest where the next one begins, or the server ends the log', () => {
    expect(track(['mariadb', ROWS, 'mariadb', ROWS, ROTATE])).toEqual({
      groups: [
        [0, 1],
        [2, 3],
      ],
      open: undefined,
    });
  });

  it('ends only when the bytes of its last event have come', () => {
    const groups: GroupSpan[] = [];
    const tracker = new GroupTracker((group) => groups.push(group));
    const about = { when: 1, serverId: 1, length: LENGTH, body: undefined };
    const group = { time: 1, isCommitTime: false, isStandalone: false, gtid: undefined };
    tracker.take({ ...about, offset: 0, type: 162 }, group);
    tracker.take({ ...about, offset: LENGTH, type: XID }, undefined);
    tracker.finish(2 * LENGTH - 1);
    expect([groups, tracker.open?.start]).toEqual([[], 0]);
    tracker.finish(2 * LENGTH);
    expect([groups.length, tracker.open]).toEqual([1, undefined]);
  });
});
