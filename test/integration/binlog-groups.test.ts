import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BinlogScanner } from '../../src/mysql/binlog/binlog-scanner.ts';
import type { GroupSpan } from '../../src/mysql/binlog/group-tracker.ts';
import { isMysql, type MariadbServer, startMariadb } from '../lab/mariadb.ts';

/** Each line is one transaction, or what a session does before and in one. */
const SESSIONS: readonly (readonly string[])[] = [
  ['CREATE DATABASE d'],
  ['CREATE TABLE d.t (id INT AUTO_INCREMENT PRIMARY KEY, v LONGTEXT)'],
  ['CREATE TABLE d.m (id INT AUTO_INCREMENT PRIMARY KEY, v TEXT) ENGINE=MyISAM'],
  ["INSERT INTO d.t (v) VALUES ('a')"],
  ["INSERT INTO d.m (v) VALUES ('a')"],
  ['START TRANSACTION', "INSERT INTO d.t (v) VALUES ('b')", "INSERT INTO d.t (v) VALUES ('c')", 'COMMIT'],
  ['START TRANSACTION', "INSERT INTO d.t (v) VALUES ('b')", 'ROLLBACK'],
  ['START TRANSACTION', "INSERT INTO d.t (v) VALUES ('b')", "INSERT INTO d.m (v) VALUES ('c')", 'ROLLBACK'],
  ['SET binlog_format=STATEMENT', "INSERT INTO d.t (v) VALUES (CONCAT('\r\n', 'COMMIT'))"],
  [
    'SET binlog_format=STATEMENT',
    'SET @x = 3',
    'START TRANSACTION',
    'INSERT INTO d.t (v) VALUES (@x)',
    'COMMIT',
  ],
  ['SET binlog_format=STATEMENT', 'UPDATE d.m SET v = RAND() WHERE id = 1'],
  ["INSERT INTO d.t (v) VALUES (REPEAT('z', 200000))"],
  ['CREATE TABLE d.s SELECT * FROM d.t'],
  ["XA START 'a'", "INSERT INTO d.t (v) VALUES ('x')", "XA END 'a'", "XA PREPARE 'a'"],
  ["XA COMMIT 'a'"],
  ["XA START 'b'", "INSERT INTO d.t (v) VALUES ('x')", "XA END 'b'", "XA COMMIT 'b' ONE PHASE"],
  ["XA START 'c'", "INSERT INTO d.t (v) VALUES ('x')", "XA END 'c'", "XA PREPARE 'c'"],
  ["XA ROLLBACK 'c'"],
  [
    'CREATE TEMPORARY TABLE d.tmp (id INT)',
    'INSERT INTO d.tmp VALUES (1)',
    'INSERT INTO d.t (v) SELECT id FROM d.tmp',
  ],
  ['CREATE PROCEDURE d.p() BEGIN INSERT INTO d.t (v) VALUES (1); INSERT INTO d.t (v) VALUES (2); END'],
  ['CALL d.p()'],
  ["CREATE USER u@localhost IDENTIFIED BY 'x'"],
  ['TRUNCATE d.s'],
  ['ANALYZE TABLE d.t'],
  ['DROP TABLE d.s, d.m'],
];

async function ends(server: MariadbServer): Promise<{ binlog: string; positions: number[] }> {
  const positions: number[] = [];
  let binlog = '';
  for (const session of SESSIONS) {
    const connection = await server.connect();
    for (const statement of session) await connection.query(statement);
    await connection.end();
    const [status] = await server.sql<{ File: string; Position: number }>('SHOW MASTER STATUS');
    binlog = status?.File ?? '';
    positions.push(status?.Position ?? 0);
  }
  return { binlog, positions };
}

// Of MySQL's logs the unit tests have real ones.
describe.skipIf(isMysql).each([
  ['rows', []],
  ['mixed', ['binlog_format=MIXED', 'binlog_checksum=NONE']],
  ['compressed', ['log_bin_compress=ON', 'log_bin_compress_min_len=10', 'binlog_format=MIXED']],
])('the transactions in a log of %s', (_what, lines) => {
  it('end where the server says, whatever they are', async () => {
    await using server = await startMariadb({ lines });
    const { binlog, positions } = await ends(server);
    const groups: GroupSpan[] = [];
    const scanner = new BinlogScanner((group) => groups.push(group));
    const log = readFileSync(join(server.binlogDir, binlog));
    scanner.feed(log);
    const scan = scanner.result();
    expect(scanner.openGroup).toBeUndefined();
    const found = new Set(groups.map(({ end }) => end));
    expect(positions.filter((position) => !found.has(position))).toEqual([]);
    const events = await server.sql<{ Event_type: string }>(`SHOW BINLOG EVENTS IN '${binlog}'`);
    expect(groups.length).toBe(events.filter(({ Event_type: type }) => type === 'Gtid').length);
    const [gtid] = await server.sql<{ state: string }>('SELECT @@gtid_binlog_state state');
    expect(scan).toMatchObject({ contents: { transactions: groups.length, gtidEnd: gtid?.state } });
  }, 60_000);
});
