import { rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openCatalogue } from '../../src/catalogue/catalogue.ts';
import { planRecovery } from '../../src/jobs/recover/plan-recovery.ts';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { configureMysql, listedMysql } from '../fixtures/mysql-run.ts';
import { runJob } from '../fixtures/run-in-process.ts';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';

let server: MariadbServer;
let sandbox: Sandbox;

const insert = () => server.sql("INSERT INTO d.t (v) VALUES ('x')");

async function backUp(...words: readonly string[]): Promise<void> {
  await insert();
  const { exitCode, stderr } = await sandbox.run(
    'backup',
    '--lock-file',
    join(sandbox.dir, 'lock'),
    ...words,
  );
  if (exitCode !== 0) throw new Error(stderr);
}

interface Shown {
  readonly hosts: readonly {
    readonly host: string;
    readonly windows: readonly { readonly base: string; readonly logs: number; readonly gap: boolean }[];
    readonly gaps: readonly { readonly reason: string }[];
  }[];
}

async function coverage() {
  const { exitCode, stdout, stderr } = await sandbox.run('ls', '--coverage', '--json');
  expect([exitCode, stderr]).toEqual([0, '']);
  return (JSON.parse(stdout) as Shown).hosts;
}

beforeAll(async () => {
  server = await startMariadb();
  sandbox = createSandbox();
  configureMysql(sandbox, server);
  await server.sql('CREATE DATABASE d');
  await server.sql('CREATE TABLE d.t (id INT AUTO_INCREMENT PRIMARY KEY, v TEXT)');
  await backUp('daily');
  await backUp('--binlogs-only', 'hourly');
}, 60_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  sandbox[Symbol.dispose]();
});

describe('what can be restored', { timeout: 60_000 }, () => {
  it('is every second since the oldest copy, and check has nothing to say', async () => {
    const [base] = listedMysql(sandbox);
    expect(await coverage()).toMatchObject([
      { host: hostname(), windows: [{ base: base?.key, gap: false }], gaps: [] },
    ]);
    expect(await sandbox.run('check')).toMatchObject({ exitCode: 0, stderr: '' });
    const { stdout } = await sandbox.run('ls', '--coverage');
    expect(stdout).toMatch(/^ {2}\S+Z to \S+Z {2}every second: 1 copy, \d logs, the oldest copy /m);
  });

  it('ends where the server has purged a log, which check warns of', async () => {
    await insert();
    await server.sql('FLUSH BINARY LOGS');
    const [status] = await server.sql<{ File: string }>('SHOW MASTER STATUS');
    // Until the engines have confirmed a log, the server does not purge it, and says nothing.
    await vi.waitFor(async () => {
      await server.sql(`PURGE BINARY LOGS TO '${status?.File ?? ''}'`);
      expect(await server.sql('SHOW BINARY LOGS')).toHaveLength(1);
    }, 30_000);
    await backUp('--binlogs-only', 'hourly');
    const [shown] = await coverage();
    expect(shown?.windows).toMatchObject([{ gap: true }]);
    const { exitCode, stderr } = await sandbox.run('check');
    expect(exitCode).toBe(0);
    expect(stderr).toContain('The binary logs do not lead on from the newest copy of MySQL: mysql-bin.');
    expect(stderr).toContain('is missing among the copies');
    const { complaints } = await runJob(sandbox, {}, (context) => {
      const options = { host: hostname(), moreLogs: undefined, onlyStatuses: false };
      return planRecovery('latest', { kind: 'latest' }, options, openCatalogue(context), context);
    });
    expect(complaints).toEqual([
      expect.stringContaining('There are later transactions, which cannot be reached: behind mysql-bin.'),
    ]);
  });

  it('goes on with the next copy, and names the gap', async () => {
    await backUp('hourly');
    const [shown] = await coverage();
    expect(shown?.windows).toMatchObject([{ gap: true }, { gap: false }]);
    expect(shown?.gaps[0]?.reason).toContain('is missing among the copies');
    expect(await sandbox.run('check')).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('of another host is left out, and what has no effect is refused', async () => {
    const { stdout } = await sandbox.run('ls', '--coverage', '--hostname', 'nobody');
    expect(stdout).toContain('There are no copies of MySQL');
    for (const words of [['mysql.xbstream'], ['--latest'], ['--type', 'mysql']]) {
      const { exitCode, stderr } = await sandbox.run('ls', '--coverage', ...words);
      expect(exitCode).toBe(2);
      expect(stderr).toContain('--coverage');
    }
  });

  it('is only the moment of a copy whose logs are gone', async () => {
    rmSync(join(sandbox.dir, 'repository', hostname(), 'binlog'), { recursive: true });
    const [shown] = await coverage();
    expect(shown?.windows.map(({ logs }) => logs)).toEqual([0, 0]);
  });
});
