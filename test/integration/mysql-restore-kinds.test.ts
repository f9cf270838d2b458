import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { configureLocal } from '../fixtures/backup-run.ts';
import { giveLabKey } from '../fixtures/lab-key.ts';
import { makeMysqlCopy } from '../fixtures/mysql-copies.ts';
import { startGaleraNode, startMariadb, startOn } from '../lab/mariadb.ts';
import { digestTables } from '../lab/rows.ts';
import { ENCRYPTION_KEY, encryptionLines, loadSchemas } from '../lab/schemas.ts';

let sandbox: Sandbox;
let repository: string;
let dst: string;
beforeEach(() => {
  sandbox = createSandbox();
  repository = join(sandbox.dir, 'repository');
  dst = join(sandbox.dir, 'restored');
  configureLocal(sandbox, []);
  giveLabKey(sandbox);
});
afterEach(() => sandbox[Symbol.dispose]());

const FULL = 'db1/daily/mysql/mysql-2026-01-01_00_00_01.xbstream';
const INCREMENTAL = 'db1/hourly/mysql/mysql-2026-01-01_01_00_01.xbstream';

describe('a copy of a Galera node', () => {
  it('gets the grastate.dat of the time of the copy, the incremental one that of its own', async () => {
    await using node = await startGaleraNode();
    const state = async (name: string) =>
      (await node.sql<{ Value: string }>(`SHOW STATUS LIKE 'wsrep_${name}'`))[0]?.Value;
    const take = async (options: Pick<Parameters<typeof makeMysqlCopy>[1], 'key' | 'parent'>) => {
      await node.sql(`CREATE DATABASE d${options.parent === undefined ? 1 : 2}`);
      const copy = await makeMysqlCopy(node, { repository, more: ['--galera-info'], ...options });
      return { copy, uuid: await state('local_state_uuid'), seqno: await state('last_committed') };
    };
    const full = await take({ key: FULL });
    const incremental = await take({ key: INCREMENTAL, parent: full.copy });
    expect(Number(incremental.seqno)).toBeGreaterThan(Number(full.seqno));
    for (const { copy, uuid, seqno } of [full, incremental]) {
      dst = join(sandbox.dir, copy.type);
      const { exitCode, stdout } = await sandbox.run('restore', 'mysql', copy.key, '--dst', dst);
      expect(exitCode).toBe(0);
      expect(readFileSync(join(dst, 'grastate.dat'), 'utf8')).toBe(
        `# GALERA saved state\nversion: 2.1\nuuid: ${uuid}\nseqno: ${seqno}\nsafe_to_bootstrap: 0\n`,
      );
      expect(stdout).toContain('galera_new_cluster');
    }
  });
});

describe('a copy with tables that were made elsewhere by DATA DIRECTORY', () => {
  it('comes back whole in its own folder, though their files are still where they were, and leaves those alone', async () => {
    await using server = await startMariadb();
    const elsewhere = join(server.dir, 'elsewhere');
    mkdirSync(elsewhere);
    chmodSync(elsewhere, 0o777);
    const make = async (table: string) => {
      await server.sql(`CREATE TABLE far.${table} (id INT PRIMARY KEY) DATA DIRECTORY='${elsewhere}'`);
      await server.sql(`INSERT INTO far.${table} VALUES (1), (2)`);
    };
    await server.sql('CREATE DATABASE far');
    await make('old');
    const full = await makeMysqlCopy(server, { repository, key: FULL });
    await server.sql('INSERT INTO far.old VALUES (3)');
    await make('young');
    const incremental = await makeMysqlCopy(server, { repository, key: INCREMENTAL, parent: full });
    const rows = await digestTables(server);
    await server.stop();
    const files = () =>
      readdirSync(join(elsewhere, 'far')).map((name) => readFileSync(join(elsewhere, 'far', name)));
    const before = files();
    expect(before).toHaveLength(2);
    const { exitCode, stderr } = await sandbox.run('restore', 'mysql', incremental.key, '--dst', dst);
    expect([exitCode, stderr]).toEqual([0, '']);
    await using restored = await startOn(dst);
    expect(await digestTables(restored)).toEqual(rows);
    await restored.stop();
    expect(files()).toEqual(before);
  });
});

describe('a copy of a server that encrypts at rest', () => {
  it('keeps the options of its key plugin, and is prepared with them', async () => {
    const keyFile = join(sandbox.dir, 'keys');
    // The server runs as another user.
    chmodSync(sandbox.dir, 0o711);
    writeFileSync(keyFile, ENCRYPTION_KEY, { mode: 0o644 });
    const options = { lines: encryptionLines(keyFile) };
    await using server = await startMariadb(options);
    await loadSchemas(server, { tables: 1, rows: 20, encrypted: true });
    const copy = await makeMysqlCopy(server, { repository, key: FULL });
    const rows = await digestTables(server);
    expect(await sandbox.run('restore', 'mysql', copy.key, '--dst', dst)).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
    expect(readFileSync(join(dst, 'backup-my.cnf'), 'utf8')).toMatch(/^file_key_management_filename=/m);
    await using restored = await startOn(dst, options);
    expect(await digestTables(restored)).toEqual(rows);
  });
});
