import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { backUp, configureMysql } from '../fixtures/mysql-run.ts';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';

let sandbox: Sandbox;
let server: MariadbServer;

const SCHEMA = [
  'CREATE DATABASE shop',
  'CREATE TABLE shop.parents (id INT PRIMARY KEY, note VARBINARY(20), twice INT AS (id * 2) STORED) ENGINE=InnoDB',
  'CREATE TABLE shop.children (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES shop.parents (id)) ENGINE=InnoDB',
  'CREATE TABLE shop.loose (word TEXT) ENGINE=MyISAM',
  'CREATE TRIGGER shop.stamp BEFORE INSERT ON shop.loose FOR EACH ROW SET NEW.word = CONCAT(NEW.word, "!")',
  'CREATE VIEW shop.recent AS SELECT id FROM shop.children',
  'CREATE PROCEDURE shop.nothing() SELECT 1',
  "INSERT INTO shop.parents (id, note) VALUES (1, X'00ff0d0a'), (2, 'x')",
  'INSERT INTO shop.children VALUES (1, 1), (2, 2)',
  "INSERT INTO shop.loose VALUES ('a')",
  'CREATE DATABASE `odd/../name`',
  'CREATE TABLE `odd/../name`.`a.b` (id INT PRIMARY KEY)',
];

beforeAll(async () => {
  sandbox = createSandbox();
  // The private server runs as an account of its own.
  chmodSync(sandbox.dir, 0o711);
  server = await startMariadb({ lines: ['server_id = 78'] });
  configureMysql(sandbox, { defaultsFile: server.backupDefaultsFile }, { mysql: { full_backup: 'daily' } });
  for (const statement of SCHEMA) await server.sql(statement);
  expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
  // What comes later is in the binary logs only.
  await server.sql("INSERT INTO shop.parents (id, note) VALUES (3, 'late')");
  await server.sql('FLUSH BINARY LOGS');
  expect(await backUp(sandbox, 'hourly', '--quiet')).toEqual(SILENT);
}, 300_000);

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  sandbox?.[Symbol.dispose]();
});

const dstOf = (name: string) => join(sandbox.dir, name);
const restore = (dst: string, ...words: string[]) =>
  sandbox.run('--quiet', 'restore', 'tables', '--dst', dst, ...words);

/** What else is beside the files of a restore. */
const leftovers = () => readdirSync(sandbox.dir).filter((name) => name.startsWith('twindb-tables-'));

describe('restore tables', () => {
  it('writes one file for each table of a database, with views and routines apart', async () => {
    const dst = dstOf('all');
    const result = await restore(dst, 'shop', '`odd/../name`');
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(readdirSync(dst).toSorted()).toEqual([
      'odd%2F%2E%2E%2Fname.a%2Eb.sql',
      'shop.+routines.sql',
      'shop.+views.sql',
      'shop.children.sql',
      'shop.loose.+triggers.sql',
      'shop.loose.sql',
      'shop.parents.sql',
    ]);
    for (const name of readdirSync(dst)) expect(statSync(join(dst, name)).mode & 0o777, name).toBe(0o600);
    expect(leftovers()).toEqual([]);
  }, 300_000);

  it('brings back missing rows, parents first, by the statements that it prints', async () => {
    const dst = dstOf('rows');
    const { stdout } = await restore(dst, '--to-latest', 'shop.children', 'shop.parents', 'shop.loose');
    const statements = stdout.split('\n').map((line) => line.trim());
    const inserts = statements.filter((line) => line.startsWith('INSERT'));
    expect(inserts).toHaveLength(2);
    expect(inserts[0]).toContain('`shop`.`parents`');
    expect(stdout).toContain('`shop`.`loose` has no primary key, and no unique one without NULL');
    await server.sql('DELETE FROM shop.children');
    await server.sql('DELETE FROM shop.parents WHERE id <> 2');
    await server.sql("UPDATE shop.parents SET note = 'newer' WHERE id = 2");
    const loads = statements.filter((line) => line.includes(' --binary-mode '));
    expect(loads).toHaveLength(3);
    await server.sql('CREATE DATABASE twindb_restored');
    // As printed, with the account of this server.
    for (const load of loads)
      execFileSync('sh', ['-c', load.replace(/^\S+/, `$& --defaults-file='${server.defaultsFile}'`)]);
    for (const insert of inserts) await server.sql(insert);
    expect(await server.sql('SELECT id, HEX(note) AS note, twice FROM shop.parents ORDER BY id')).toEqual([
      { id: 1, note: '00FF0D0A', twice: 2 },
      { id: 2, note: Buffer.from('newer').toString('hex').toUpperCase(), twice: 4 },
      { id: 3, note: Buffer.from('late').toString('hex').toUpperCase(), twice: 6 },
    ]);
    expect(await server.sql('SELECT id, parent FROM shop.children ORDER BY id')).toEqual([
      { id: 1, parent: 1 },
      { id: 2, parent: 2 },
    ]);
    expect(await server.sql('SELECT word FROM twindb_restored.loose')).toEqual([{ word: 'a!' }]);
    // A trigger that names its database would be made in that one.
    await server.sql('DROP TRIGGER shop.stamp');
    execFileSync('sh', [
      '-c',
      `mariadb --defaults-file='${server.defaultsFile}' --binary-mode twindb_restored < ${dst}/shop.loose.sql`,
    ]);
    expect(await server.sql('SHOW TRIGGERS FROM shop')).toEqual([]);
  }, 300_000);

  it('leaves the target empty, and nothing beside it, when a table is not there', async () => {
    const dst = dstOf('wrong');
    const result = await restore(dst, '--copy', 'latest', 'shop.parent');
    expect(result).toMatchObject({ exitCode: 1, stdout: '' });
    expect(result.stderr).toContain('no table shop.parent; did you mean parents?');
    expect(readdirSync(dst)).toEqual([]);
    expect(leftovers()).toEqual([]);
  }, 300_000);

  it('refuses a name that is none before it fetches anything', async () => {
    const dst = dstOf('none');
    const result = await restore(dst, '--hostname', hostname(), 'shop.');
    expect(result).toMatchObject({ exitCode: 1, stdout: '' });
    expect(result.stderr).toContain('names no table');
    expect(existsSync(dst)).toBe(false);
  }, 60_000);
});
