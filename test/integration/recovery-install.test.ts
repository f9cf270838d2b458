import { chmodSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { configureMysql } from '../fixtures/mysql-run.ts';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';
import { digestTables } from '../lab/rows.ts';

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = createSandbox();
  // The private server runs as an account of its own.
  chmodSync(sandbox.dir, 0o711);
});
afterEach(() => sandbox[Symbol.dispose]());

const restored = () => join(sandbox.dir, 'restored');
const restore = (...options: string[]) =>
  sandbox.run('--quiet', 'restore', 'mysql', ...options, '--dst', restored());

/** A copy, changes that only the logs have, and more that are nowhere. */
async function makePast(server: MariadbServer) {
  configureMysql(sandbox, { defaultsFile: server.backupDefaultsFile });
  await server.sql('CREATE DATABASE d');
  await server.sql('CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(200)) ENGINE=InnoDB');
  await server.sql('INSERT INTO d.t VALUES (1, "copied")');
  expect(await sandbox.backup()).toEqual(SILENT);
  const [copied] = await server.sql<{ File: string; Position: number }>('SHOW MASTER STATUS');
  await server.sql('INSERT INTO d.t VALUES (2, "logged")');
  await server.sql('FLUSH BINARY LOGS');
  const lock = ['--lock-file', join(sandbox.dir, 'lock')];
  expect(await sandbox.run('backup', ...lock, '--binlogs-only', 'hourly')).toEqual(SILENT);
  const logged = await digestTables(server);
  await server.sql('INSERT INTO d.t VALUES (3, "lost")');
  return { logged, lost: await digestTables(server), copied };
}

describe.skipIf(process.getuid?.() !== 0)('restore mysql --to-… --install', () => {
  it('has the server run on the recovered data, and --uninstall on what was there before', async () => {
    await using server = await startMariadb();
    const { logged, lost } = await makePast(server);
    const refused = await restore('--to-latest', '--install');
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toContain(`The data directory ${server.datadir} is in use: mariadbd, process `);
    expect(existsSync(restored())).toBe(false);
    await server.stop();

    const installed = await restore('--to-latest', '--install');
    expect(installed.exitCode).toBe(0);
    expect(installed.stdout).toContain(`are installed in ${server.datadir}.`);
    expect(installed.stdout).not.toMatch(/replay|restore binlog|mariadb-binlog/i);
    expect(existsSync(restored())).toBe(false);
    await server.start();
    expect(await digestTables(server)).toEqual(logged);
    await server.stop();

    const [, date = ''] = /--uninstall (\S+)/.exec(installed.stdout) ?? [];
    expect(await sandbox.run('restore', 'mysql', '--uninstall', date)).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
    await server.start();
    expect(await digestTables(server)).toEqual(lost);
  }, 300_000);

  it('does not advise to replay again what an earlier recovery has replayed, nor where that was nothing', async () => {
    await using server = await startMariadb();
    const { logged, copied } = await makePast(server);
    await server.stop();
    const later = async (...target: string[]): Promise<void> => {
      expect((await restore(...target)).exitCode).toBe(0);
      const installed = await restore('--install');
      expect(installed).toMatchObject({ exitCode: 0, stderr: '' });
      expect(installed.stdout).not.toMatch(/replay|restore binlog|mariadb-binlog/i);
    };
    await later('--to-position', `${copied?.File}:${copied?.Position}`);
    await server.start();
    expect(await server.sql('SELECT id FROM d.t')).toEqual([{ id: 1 }]);
    await server.stop();
    await later('--to-latest');
    await server.start();
    expect(await digestTables(server)).toEqual(logged);
    expect(readdirSync(server.dir).filter((name) => name.includes('.before-restore-'))).toHaveLength(2);
  }, 300_000);
});
