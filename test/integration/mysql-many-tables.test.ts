import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { configureMysql, listedMysql, mysqlObjectsIn } from '../fixtures/mysql-run.ts';
import { type MariadbServer, startMariadb, startOn } from '../lab/mariadb.ts';
import { digestTables } from '../lab/rows.ts';
import { loadSchemas } from '../lab/schemas.ts';

const TABLES = 1000;
/** Fewer than there are tables; the backup program holds a file open for each of them. */
const FEW = 600;
const ENOUGH = 8000;

let server: MariadbServer;
beforeAll(async () => {
  server = await startMariadb();
  await loadSchemas(server, { tables: TABLES, rows: 10 });
}, 180_000);
afterAll(() => server[Symbol.asyncDispose]());

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = createSandbox();
  configureMysql(sandbox, { defaultsFile: server.backupDefaultsFile }, { compression: { program: 'zstd' } });
});
afterEach(() => sandbox[Symbol.dispose]());

const backUp = (limits: string, runType: string) =>
  sandbox.runWithFiles(limits, '--debug', 'backup', '--lock-file', join(sandbox.dir, 'lock'), runType);

describe('a server with 1,000 tables', () => {
  it('is backed up, full and incremental, and restored, though fewer files may be open at first', async () => {
    const limits = `${FEW}:${ENOUGH}`;
    for (const runType of ['daily', 'hourly']) {
      await server.sql('UPDATE many.t00001 SET v = ?', [runType]);
      await server.sql(`DROP TABLE many.t0090${runType.length}`);
      const { exitCode, stderr } = await backUp(limits, runType);
      expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining('WARNING')]);
      const [, wanted] = /open files limit requested (\d+), set to/.exec(stderr) ?? [];
      expect(Number(wanted)).toBeGreaterThan(TABLES);
    }
    const rows = await digestTables(server);
    expect(rows.length).toBeGreaterThan(TABLES);
    const dst = join(sandbox.dir, 'restored');
    const [incremental] = listedMysql(sandbox);
    const restore = ['restore', 'mysql', incremental?.key ?? '', '--dst', dst];
    expect(await sandbox.runWithFiles(limits, ...restore)).toMatchObject({ exitCode: 0, stderr: '' });
    await using restored = await startOn(dst);
    expect(await digestTables(restored)).toEqual(rows);
  }, 240_000);

  it('is not backed up where fewer files may be open, and the message says how many it takes', async () => {
    const { exitCode, stderr } = await backUp(`${FEW}:${FEW}`, 'daily');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^Let this command have \d{4} files open: ulimit -Hn/m);
    expect([mysqlObjectsIn(sandbox), listedMysql(sandbox)]).toEqual([[], []]);
  }, 60_000);
});
