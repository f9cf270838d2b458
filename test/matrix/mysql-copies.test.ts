import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { requireReplicating } from '../../src/jobs/clone/require-replicating.ts';
import { readSourcePlace } from '../../src/jobs/clone/source-place.ts';
import { connectMysql } from '../../src/mysql/server/server.ts';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { backUp, configureMysql, listedMysql, mysqlObjectsIn, statusOf } from '../fixtures/mysql-run.ts';
import { collectLog } from '../integration/mysql-log.ts';
import { type MariadbServer, startMariadb, startOn } from '../lab/mariadb.ts';
import { digestTables, type TableDigest } from '../lab/rows.ts';
import { installXtrabackup } from '../stand-ins/install.ts';

/** A real MySQL; only XtraBackup is a stand-in, one that copies the files of a server at rest. */
let server: MariadbServer;
let series: string;
let sandbox: Sandbox;
beforeAll(async () => {
  server = await startMariadb();
  const [row] = await server.sql<{ series: string }>("SELECT SUBSTRING_INDEX(@@version, '.', 2) AS series");
  series = row?.series ?? '';
  for (const statement of SCHEMA) await server.sql(statement);
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  sandbox = createSandbox();
});
afterEach(() => sandbox[Symbol.dispose]());

/** An INSERT of a thousand rows of an id and a text. */
const fill = (table: string, textOf: (id: number) => string) => {
  const rows = Array.from({ length: 1000 }, (_, id) => `(${id}, ${textOf(id)})`);
  return `INSERT INTO ${table} (id, v) VALUES ${rows.join(', ')}`;
};
const SCHEMA = [
  'CREATE DATABASE shop',
  'CREATE TABLE shop.orders (id INT PRIMARY KEY, v VARCHAR(250) NOT NULL, n INT AS (LENGTH(v)) STORED, KEY (v(10)))',
  fill(
    'shop.orders',
    (id) => `CONCAT(REPEAT(SHA2(${id}, 256), 3), CONVERT(0xF09F9880F09F92BE USING utf8mb4))`,
  ),
  'CREATE TABLE shop.by_key (id INT PRIMARY KEY, v TEXT) PARTITION BY KEY () PARTITIONS 3',
  fill('shop.by_key', (id) => `SHA2(${id}, 256)`),
  'CREATE TABLE shop.compressed (id INT PRIMARY KEY, v TEXT) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8',
  fill('shop.compressed', (id) => `REPEAT(SHA2(${id}, 256), 9)`),
  'CREATE TABLE shop.my_isam (id INT PRIMARY KEY, v TEXT) ENGINE=MyISAM',
  fill('shop.my_isam', (id) => `SHA2(${id}, 256)`),
  'CREATE TABLE shop.gone (id INT PRIMARY KEY)',
];
const CHANGES = [
  'DELETE FROM shop.orders WHERE id % 3 = 0',
  "UPDATE shop.my_isam SET v = CONCAT(v, 'x') WHERE id % 7 = 0",
  "UPDATE shop.compressed SET v = CONCAT(v, 'y') WHERE id % 5 = 0",
  'CREATE TABLE shop.young (id INT PRIMARY KEY)',
  'INSERT INTO shop.young VALUES (1), (2)',
  'DROP TABLE shop.gone',
];

const configure = (defaultsFile = server.backupDefaultsFile) =>
  configureMysql(sandbox, { defaultsFile }, { mysql: installXtrabackup(sandbox, series).options });

const restore = async (key: string, name: string) => {
  const dst = join(sandbox.dir, name);
  const { exitCode, stdout, stderr } = await sandbox.run('restore', 'mysql', key, '--dst', dst);
  expect([exitCode, stderr]).toEqual([0, '']);
  return { dst, advice: stdout };
};

const rowsIn = async (dst: string): Promise<TableDigest[]> => {
  await using restored = await startOn(dst);
  return await digestTables(restored);
};

/** A server takes seconds to start, and the stand-in waits for it to come to rest. */
const LONG = { timeout: 300_000 };

describe('copies of a real MySQL', LONG, () => {
  it('full and incremental, give equal rows, and go on by the binary logs to the end', async () => {
    configure();
    expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
    const atFull = await digestTables(server);
    for (const statement of CHANGES) await server.sql(statement);
    expect(await backUp(sandbox, 'hourly')).toEqual(SILENT);
    const atIncremental = await digestTables(server);
    await server.sql("INSERT INTO shop.orders (id, v) VALUES (5000, 'later')");
    expect(await backUp(sandbox, 'hourly', '--debug')).toMatchObject({ exitCode: 0, stdout: '' });
    const atEnd = await digestTables(server);

    const [incremental, , full] = listedMysql(sandbox);
    expect(listedMysql(sandbox).map(({ type, vendor }) => [type, vendor])).toEqual([
      ['incremental', 'oracle'],
      ['incremental', 'oracle'],
      ['full', 'oracle'],
    ]);
    expect(statusOf(sandbox, full?.key ?? '')).toMatchObject({
      binlog: expect.stringMatching(/^mysql-bin\.\d+$/) as string,
      gtid: expect.stringMatching(/^[0-9a-f-]{36}:1-\d+$/) as string,
    });
    expect(new Map(full?.config).get(server.serverOptionsFile)).toBe(
      readFileSync(server.serverOptionsFile, 'utf8'),
    );
    expect(await rowsIn((await restore(full?.key ?? '', 'full')).dst)).toEqual(atFull);
    const { dst, advice } = await restore(incremental?.key ?? '', 'incremental');
    const verified = await sandbox.run('verify', 'mysql', 'latest');
    expect([verified.exitCode, JSON.parse(verified.stdout)]).toMatchObject([0, { success: true }]);
    await using restored = await startOn(dst);
    expect(await digestTables(restored)).toEqual(atIncremental);
    await replay(advice, restored);
    expect(await digestTables(restored)).toEqual(atEnd);
  });

  it('need the privileges of docs/usage.md and no more, and what is missing is named', async () => {
    await server.sql('REVOKE BACKUP_ADMIN ON *.* FROM backup@localhost');
    configure();
    const { exitCode, stderr } = await backUp(sandbox, 'daily');
    await server.sql('GRANT BACKUP_ADMIN ON *.* TO backup@localhost');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('Grant the backup user the privilege BACKUP_ADMIN ON *.*.');
    await server.sql('REVOKE SELECT ON performance_schema.log_status FROM backup@localhost');
    const second = await backUp(sandbox, 'daily');
    await server.sql('GRANT SELECT ON performance_schema.log_status TO backup@localhost');
    expect(second.stderr).toContain('Grant the backup user SELECT ON performance_schema.log_status.');
    expect(mysqlObjectsIn(sandbox)).toEqual([]);
    expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
  });

  it('become a replica by the statements of the flavour', async () => {
    configure();
    await backUp(sandbox, 'daily');
    const copy = statusOf(sandbox, listedMysql(sandbox)[0]?.key ?? '') as {
      binlog: string;
      position: number;
    };
    await server.sql("CREATE USER IF NOT EXISTS repl@'127.0.0.1' IDENTIFIED BY 'of the replica'");
    await server.sql("GRANT REPLICATION SLAVE ON *.* TO repl@'127.0.0.1'");
    await server.sql('CREATE TABLE IF NOT EXISTS shop.replicated (id INT PRIMARY KEY)');
    const { dst } = await restore(listedMysql(sandbox)[0]?.key ?? '', 'replica');
    await using replica = await startOn(dst);
    await using connected = await connectMysql({ defaultsFile: replica.defaultsFile }, collectLog().log);
    const { replication } = connected.flavour;
    const place = { ...copy, gtid: undefined };
    const change = replication.changeSource({
      host: '127.0.0.1',
      port: server.port,
      user: 'repl',
      ...place,
    });
    await connected.query(change.sql, [...change.values, 'of the replica']);
    await connected.query(replication.start);
    const { log } = collectLog();
    await using source = await connectMysql({ defaultsFile: server.defaultsFile }, log);
    const prove = async () =>
      await requireReplicating(connected, await readSourcePlace(source), {
        log,
        signal: new AbortController().signal,
      });
    // An idle source, and one whose log has just ended, tell their place too.
    expect(await prove()).toMatchObject({ hasCaughtUp: true, error: '', filters: [] });
    await server.sql('FLUSH BINARY LOGS');
    expect(await prove()).toMatchObject({ hasCaughtUp: true });
    await server.sql('INSERT INTO shop.replicated VALUES (7)');
    expect(await prove()).toMatchObject({ hasCaughtUp: true });
    expect(await replica.sql('SELECT id FROM shop.replicated')).toEqual([{ id: 7 }]);
    await connected.query(replication.stop);
  });
});

/** As the advice of a restore says, with the copies of the logs that there are. */
async function replay(advice: string, restored: MariadbServer): Promise<void> {
  const [, position, first = ''] = /mysqlbinlog --start-position=(\d+) (\S+)/.exec(advice) ?? [];
  const listed = (await sandbox.run('ls', '--type', 'binlog')).stdout.trim().split('\n');
  const wanted = listed.filter((path) => path.slice(path.lastIndexOf('/') + 1) >= first);
  const { stdout } = await sandbox.run('restore', 'binlog', ...wanted, '--dst', join(sandbox.dir, 'logs'));
  const input = execFileSync('mysqlbinlog', [`--start-position=${position}`, ...stdout.trim().split('\n')]);
  execFileSync('mysql', [`--defaults-file=${restored.defaultsFile}`], { input });
}
