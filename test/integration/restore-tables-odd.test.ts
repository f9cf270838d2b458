import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSandbox, type Result, type Sandbox } from '../e2e/cli.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { backUp, configureMysql } from '../fixtures/mysql-run.ts';
import { isMysql, type MariadbServer, startMariadb } from '../lab/mariadb.ts';

const LONG = '€'.repeat(45);

const SCHEMA = [
  'CREATE DATABASE other',
  'CREATE TABLE other.roots (id INT PRIMARY KEY)',
  'INSERT INTO other.roots VALUES (1), (2)',
  'CREATE DATABASE odd',
  'CREATE TABLE odd.`--help` (id INT PRIMARY KEY)',
  'INSERT INTO odd.`--help` VALUES (1)',
  'CREATE TABLE odd.nobody (id INT PRIMARY KEY)',
  `CREATE TABLE odd.\`${LONG}\` (id INT PRIMARY KEY)`,
  'CREATE TABLE odd.abroad (id INT PRIMARY KEY, root INT, FOREIGN KEY (root) REFERENCES other.roots (id))',
  'INSERT INTO odd.abroad VALUES (1, 1), (2, 2)',
  'CREATE TABLE odd.tree (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES odd.tree (id))',
  'INSERT INTO odd.tree VALUES (2, NULL), (3, 2), (1, 3)',
  'CREATE TABLE odd.zero (id INT PRIMARY KEY AUTO_INCREMENT, word TEXT)',
  "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'; INSERT INTO odd.zero VALUES (0, 'none'), (1, 'one')",
  'CREATE TABLE odd.loose_key (id INT NULL UNIQUE)',
  'INSERT INTO odd.loose_key VALUES (1), (NULL)',
  'CREATE TABLE odd.stamped (id INT PRIMARY KEY, at TIMESTAMP(6) DEFAULT CURRENT_TIMESTAMP(6), more VARCHAR(20) DEFAULT (UUID()))',
  "INSERT INTO odd.stamped VALUES (1, '2001-02-03 04:05:06.789', 'mine')",
  'CREATE TABLE odd.hidden (id INT PRIMARY KEY, secret INT DEFAULT 5 INVISIBLE, next INT AS (id + 1) VIRTUAL INVISIBLE)',
  'INSERT INTO odd.hidden (id, secret) VALUES (1, 7)',
  'CREATE TABLE odd.large (id INT PRIMARY KEY, data LONGBLOB)',
  "INSERT INTO odd.large VALUES (1, REPEAT('x', 10 << 20))",
  'CREATE TABLE odd.old (id INT PRIMARY KEY)',
  'CREATE VIEW odd.broken AS SELECT id FROM odd.old',
  'CREATE VIEW odd.good AS SELECT id FROM odd.zero',
  'DROP TABLE odd.old',
  'CREATE TABLE odd.`a\u001b[31mb` (id INT PRIMARY KEY)',
  'CREATE DATABASE nothing',
];

/** MariaDB alone has these. */
const SPECIAL = [
  'CREATE SEQUENCE odd.numbers START WITH 100',
  `CREATE TABLE odd.past (id INT PRIMARY KEY, word TEXT, s TIMESTAMP(6) GENERATED ALWAYS AS ROW START INVISIBLE,
     e TIMESTAMP(6) GENERATED ALWAYS AS ROW END INVISIBLE, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING`,
  "INSERT INTO odd.past (id, word) VALUES (1, 'first')",
  "UPDATE odd.past SET word = 'second'",
];

let sandbox: Sandbox;
let server: MariadbServer;

beforeAll(async () => {
  sandbox = createSandbox();
  // The private server runs as an account of its own.
  chmodSync(sandbox.dir, 0o711);
  server = await startMariadb({ lines: ['max_allowed_packet = 64M'] });
  configureMysql(sandbox, { defaultsFile: server.backupDefaultsFile });
  const session = await server.connect();
  for (const statement of [...SCHEMA, ...(isMysql ? [] : SPECIAL)].flatMap((each) => each.split('; ')))
    await session.query(statement);
  await session.end();
  expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
}, 300_000);

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  sandbox?.[Symbol.dispose]();
});

const dstOf = (name: string) => join(sandbox.dir, name);
const restore = (dst: string, ...words: string[]): Promise<Result> =>
  sandbox.run('--quiet', 'restore', 'tables', '--dst', dst, ...words);

/** Does what is printed, as an operator would: the commands in a shell, the statements in one session. */
function follow(stdout: string): void {
  const lines = stdout.split('\n').map((line) => line.trim());
  const program = isMysql ? 'mysql' : 'mariadb';
  const login = `${program} --defaults-file='${server.defaultsFile}'`;
  for (const line of lines.filter((each) => each.startsWith(`${program} `)))
    execFileSync('sh', ['-c', login + line.slice(program.length)]);
  const statements = lines.filter((line) => /^(INSERT|SET|SELECT SETVAL|DROP DATABASE)\b/.test(line));
  execFileSync('sh', ['-c', login], { input: statements.join('\n') });
}

describe('restore tables of an odd server', () => {
  it('writes and brings back all that it has', async () => {
    const dst = dstOf('odd');
    const result = await restore(dst, 'odd');
    expect(result).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/./) });
    expect(result.stderr).toContain('odd.broken');
    for (const table of ['abroad', 'tree', 'zero', 'stamped', 'hidden', 'large', '`--help`'])
      await server.sql(`SET STATEMENT foreign_key_checks = 0 FOR DELETE FROM odd.${table}`);
    if (!isMysql) await server.sql('DELETE FROM odd.past');
    follow(result.stdout);
    expect(await server.sql('SELECT id FROM odd.tree ORDER BY id')).toEqual([
      { id: 1 },
      { id: 2 },
      { id: 3 },
    ]);
    expect(await server.sql('SELECT id FROM odd.zero ORDER BY id')).toEqual([{ id: 0 }, { id: 1 }]);
    expect(await server.sql('SELECT CAST(at AS CHAR) AS at, more FROM odd.stamped')).toEqual([
      { at: '2001-02-03 04:05:06.789000', more: 'mine' },
    ]);
    expect(await server.sql('SELECT id, secret, next FROM odd.hidden')).toEqual([
      { id: 1, secret: 7, next: 2 },
    ]);
    expect(await server.sql('SELECT LENGTH(data) AS size FROM odd.large')).toEqual([{ size: 10 << 20 }]);
    expect(await server.sql('SELECT id, root FROM odd.abroad')).toHaveLength(2);
    expect(await server.sql('SELECT id FROM odd.loose_key')).toHaveLength(2);
    expect(await server.sql('SELECT id FROM odd.`--help`')).toHaveLength(1);
    if (!isMysql)
      expect(await server.sql('SELECT id, word FROM odd.past')).toEqual([{ id: 1, word: 'second' }]);
    expect(result.stdout).not.toContain('\u001b');
    if (!isMysql) expect(result.stdout).toMatch(/SELECT SETVAL\(.odd.\..numbers., \d+, 0\);/);
  }, 300_000);

  it('gives no account of the private server away', async () => {
    const dst = dstOf('accounts');
    const result = await restore(dst, 'mysql');
    expect(result).toMatchObject({ exitCode: 0 });
    for (const name of readdirSync(dst))
      expect(readFileSync(join(dst, name), 'latin1'), name).not.toMatch(/twindb_[0-9a-f]{8}/);
  }, 300_000);

  it('says that a database has nothing', async () => {
    const result = await restore(dstOf('nothing'), 'nothing');
    expect(result).toMatchObject({ exitCode: 1, stdout: '' });
    expect(result.stderr).toContain('nothing');
  }, 300_000);
});
