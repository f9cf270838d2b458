import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { configureMysql, listedBinlogs, listedMysql } from '../fixtures/mysql-run.ts';
import { type MariadbServer, startMariadb, startOn } from '../lab/mariadb.ts';
import { digestTables, type TableDigest } from '../lab/rows.ts';

let server: MariadbServer;
let sandbox: Sandbox;
/** What the tables held when the last log of each era was copied. */
let oldEnd: TableDigest[];
let end: TableDigest[];

const write = () => server.sql('INSERT INTO log.t (v) SELECT SHA2(RAND(), 256) FROM log.seq');
const backUp = async (runType: string) => {
  await write();
  expect(await sandbox.backup(runType)).toMatchObject({ exitCode: 0 });
};

/** Logs, RESET MASTER after a run, and logs of the same names; a full copy in each era. */
beforeAll(async () => {
  server = await startMariadb();
  sandbox = createSandbox();
  configureMysql(sandbox, server);
  await server.sql('CREATE DATABASE log');
  await server.sql('CREATE TABLE log.seq SELECT seq FROM mysql.help_topic, (SELECT 1 AS seq) s LIMIT 50');
  await server.sql('CREATE TABLE log.t (id INT AUTO_INCREMENT PRIMARY KEY, v TEXT)');
  await backUp('daily');
  await backUp('hourly');
  oldEnd = await digestTables(server);
  // The time in a log's header has whole seconds.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await server.resetBinlogs();
  await backUp('daily');
  await backUp('hourly');
  end = await digestTables(server);
}, 120_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  sandbox[Symbol.dispose]();
});

/** The keys of the copies of logs, the oldest first. */
const keys = () => {
  const young = [...listedBinlogs(sandbox)].filter(([key]) => /\d{10}$/.test(key)).map(([key]) => key);
  const old = [...listedBinlogs(sandbox).keys()].filter((key) => !young.includes(key));
  return [old, young] as const;
};

/** Restores a copy, does what is printed at its end, and returns the rows and the command that fetched the logs. */
const restoreAndReplay = async (key: string, name: string) => {
  const dst = join(sandbox.dir, name);
  const { exitCode, stdout } = await sandbox.run('restore', 'mysql', key, '--dst', dst);
  expect(exitCode).toBe(0);
  const line = (start: string) => stdout.split('\n').find((each) => each.startsWith(`  ${start}`)) ?? '';
  const [, , , , ...fetch] = line(`twindb-backup --config ${sandbox.config} restore binlog`)
    .trim()
    .split(' ');
  expect(await sandbox.run('restore', ...fetch)).toMatchObject({ exitCode: 0, stderr: '' });
  await using restored = await startOn(dst, { lines: ['skip_grant_tables'] });
  const client = `&& mariadb --no-defaults --socket='${restored.socket}' --user=root `;
  const replay = line('mariadb-binlog').replaceAll('&& mariadb ', client);
  execFileSync('sh', ['-c', `${line('cd ')} &&${replay}`]);
  return {
    rows: await digestTables(restored),
    stdout,
    fetched: fetch.filter((word) => word.includes('/binlog/')),
  };
};

describe('after RESET MASTER', () => {
  it('the steps after a restore name the logs of the copy, not older ones of the same names', async () => {
    const [, young] = keys();
    const [, full] = listedMysql(sandbox).filter(({ key }) => key.includes('/daily/'));
    const { rows, fetched } = await restoreAndReplay(full?.key ?? '', 'young');
    expect(young).toHaveLength(2);
    expect(fetched).toEqual(young);
    expect(rows).toEqual(end);
  }, 60_000);

  it('a copy from before ends there, and the steps name the first log that does not follow', async () => {
    const [old, young] = keys();
    const [full] = listedMysql(sandbox).filter(({ key }) => key.includes('/daily/'));
    const { rows, stdout, fetched } = await restoreAndReplay(full?.key ?? '', 'old');
    expect(fetched).toEqual(old);
    expect(rows).toEqual(oldEnd);
    expect(stdout).toMatch(
      new RegExp(`2 other logs were begun later, and do not follow.*\n {2}${young[0]} {2}begun`),
    );
  }, 60_000);

  it('a name that two logs had is not enough: both are shown, with the time when they were begun', async () => {
    const dst = join(sandbox.dir, 'ambiguous');
    for (const name of ['mysql-bin.000001', 'mysql-bin.000001.gz']) {
      const { exitCode, stdout, stderr } = await sandbox.run('restore', 'binlog', name, '--dst', dst);
      expect([exitCode, stdout]).toEqual([1, '']);
      expect(stderr).toContain(`${name} is the name of several copies`);
      const key = `  ${hostname()}/binlog/mysql-bin.000001`;
      expect(stderr).toMatch(
        new RegExp(`^${key}  begun [-\\d]+ [:\\d]+\n${key}\\.\\d{10}  begun [-\\d]+ [:\\d]+$`, 'm'),
      );
    }
  });

  it('the key, the path and the name with the time mean one copy; files come in the order of writing', async () => {
    const [old, young] = keys();
    const [path, name] = [join(sandbox.dir, 'repository', `${old[0]}.gz`), young[0]?.split('/').at(-1) ?? ''];
    const dst = join(sandbox.dir, 'exact');
    const wanted = [young[1] ?? '', name, old[1] ?? '', path];
    const { exitCode, stdout } = await sandbox.run('restore', 'binlog', ...wanted, '--dst', dst);
    expect(exitCode).toBe(0);
    const order = [...old, ...young].map((key) => join(dst, key.split('/').at(-1) ?? ''));
    expect(stdout.trimEnd().split('\n')).toEqual(order);
  });

  it('a log that was not copied is said to be missing, and an older one of its name is not offered', async () => {
    const [, young] = keys();
    for (const key of young) rmSync(join(sandbox.dir, 'repository', `${key}.gz`));
    const [, full] = listedMysql(sandbox).filter(({ key }) => key.includes('/daily/'));
    const dst = join(sandbox.dir, 'missing');
    const { exitCode, stdout } = await sandbox.run('restore', 'mysql', full?.key ?? '', '--dst', dst);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('That log is not among the copies');
    expect(stdout).not.toContain('restore binlog');
  });
});
