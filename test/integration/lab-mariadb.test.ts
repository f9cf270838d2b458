import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MariadbServer, startGaleraNode, startMariadb, startOn } from '../lab/mariadb.ts';
import { digestTablesAt } from '../lab/replay.ts';
import { digestTables } from '../lab/rows.ts';
import { ENCRYPTION_KEY, encryptionLines, loadSchemas } from '../lab/schemas.ts';
import { startWriter } from '../lab/writer.ts';

const run = promisify(execFile);

/** A full copy by hand, as the folder that `startOn` takes. */
async function backUp(server: MariadbServer, name: string, defaultsFile = server.backupDefaultsFile) {
  const target = `${server.dir}/${name}`;
  await run('mariabackup', [`--defaults-file=${defaultsFile}`, '--backup', `--target-dir=${target}`]);
  await run('mariabackup', ['--prepare', `--target-dir=${target}`]);
  return target;
}

describe('a MariaDB of the lab', () => {
  let server: MariadbServer;
  beforeAll(async () => {
    server = await startMariadb();
    await loadSchemas(server, { tables: 50 });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('lets root in with the password by TCP and by socket', async () => {
    const user = { user: 'root', password: server.rootPassword };
    for (const way of [{ host: '127.0.0.1', port: server.port }, { socketPath: server.socket }]) {
      const connection = await createConnection({ ...way, ...user });
      await connection.end();
    }
    await expect(createConnection({ socketPath: server.socket, user: 'root' })).rejects.toThrow(
      'Access denied',
    );
  });

  it('has option files that the real client understands, with # and quotes in the password', async () => {
    const { stdout } = await run('mariadb', [
      `--defaults-file=${server.defaultsFile}`,
      '--skip-column-names',
      '--execute=SELECT CURRENT_USER()',
    ]);
    expect(stdout).toBe('root@localhost\n');
    expect(server.rootPassword).toMatch(/#/);
    expect(server.rootPassword).toMatch(/"/);
    expect(server.rootPassword).toMatch(/'/);
  });

  it('is restored from a copy with equal rows in every table', async () => {
    const expected = await digestTables(server);
    await using restored = await startOn(await backUp(server, 'copy'));
    expect(await digestTables(restored)).toEqual(expected);
    expect(expected.length).toBeGreaterThan(65);
  });

  it('refuses a backup to the user who lacks a privilege', async () => {
    await expect(backUp(server, 'refused', server.weakDefaultsFile)).rejects.toThrow(/RELOAD/);
  });

  it('can be compared with a copy taken while writes went on', async () => {
    await using writer = await startWriter(server);
    const copy = await backUp(server, 'live-copy');
    await writer.stop();
    expect(writer.written).toBeGreaterThan(0);
    const info = ['xtrabackup_binlog_info', 'mariadb_backup_binlog_info'].map((name) => `${copy}/${name}`);
    const [file = '', position] = readFileSync(info.find(existsSync) ?? '', 'utf8').split(/\s/);
    await using restored = await startOn(copy);
    const rows = await digestTables(restored);
    expect(rows).toEqual(await digestTablesAt(server, { file, position: Number(position) }));
    expect(rows).not.toEqual(await digestTables(server));
  });

  it('keeps its rows and its port over a stop and over a kill', async () => {
    const before = await digestTables(server);
    await server.stop();
    await expect(server.sql('SELECT 1')).rejects.toThrow();
    await server.start();
    expect(await digestTables(server)).toEqual(before);
    await server.kill();
    await expect(server.sql('SELECT 1')).rejects.toThrow();
    await server.start();
    expect(await digestTables(server)).toEqual(before);
    expect(await server.sql('SELECT @@port AS port')).toEqual([{ port: server.port }]);
  });

  it('leaves nothing when it is disposed', async () => {
    const brief = await startMariadb();
    await brief[Symbol.asyncDispose]();
    expect(existsSync(brief.dir)).toBe(false);
    await expect(createConnection({ host: '127.0.0.1', port: brief.port })).rejects.toThrow('ECONNREFUSED');
  });

  it('goes with the process that owns it, however that ends', async () => {
    const owner = spawn('sleep', ['60']);
    const dir = mkdtempSync('/tmp/twindb-db-');
    const env = { ...process.env, LAB_OWNER: String(owner.pid) };
    await run('test/lab/mariadb.sh', ['start', dir], { env });
    const { port } = JSON.parse(readFileSync(`${dir}/server.json`, 'utf8')) as { port: number };
    owner.kill('SIGKILL');
    await expect.poll(() => existsSync(dir), { timeout: 20_000 }).toBe(false);
    await expect(createConnection({ host: '127.0.0.1', port })).rejects.toThrow('ECONNREFUSED');
  });

  it('says why it does not start, and leaves nothing', async () => {
    await expect(startMariadb({ lines: ['no_such_option = 1'] })).rejects.toThrow('no_such_option');
  });

  it('can encrypt at rest', async () => {
    const keyFile = `${server.dir}/keys`;
    writeFileSync(keyFile, ENCRYPTION_KEY);
    const options = { lines: encryptionLines(keyFile) };
    await using encrypted = await startMariadb(options);
    await loadSchemas(encrypted, { tables: 1, rows: 20, encrypted: true });
    const expected = await digestTables(encrypted);
    await using restored = await startOn(await backUp(encrypted, 'copy'), options);
    expect(await digestTables(restored)).toEqual(expected);
  });
});

describe('the digest of a table', () => {
  it('sees NULL, bytes and doubles, and no order', async () => {
    await using server = await startMariadb({ lines: ['skip_log_bin'] });
    await server.sql('CREATE DATABASE d');
    const fill = async (values: string): Promise<string | undefined> => {
      await server.sql(
        'CREATE OR REPLACE TABLE d.t (a VARBINARY(20), b VARCHAR(20) COLLATE utf8mb4_general_ci)',
      );
      await server.sql(`INSERT INTO d.t VALUES ${values}`);
      const [table] = await digestTables(server);
      return table?.digest;
    };
    const rows = [
      "(NULL, '')",
      "('', NULL)",
      "('', '')",
      "('ab', 'c')",
      "('a', 'bc')",
      "('a', 'BC')",
      "(0x00, 'x')",
      "(0x0000, 'x')",
      "('-', '-')",
      "('a', 'bc'), ('a', 'bc')",
      "('a', 'bc'), ('a', 'bc'), ('a', 'bc')",
    ];
    const digests: (string | undefined)[] = [];
    for (const row of rows) digests.push(await fill(row));
    expect(new Set(digests).size).toBe(rows.length);
    expect(await fill("('1', '2'), ('3', '4')")).toBe(await fill("('3', '4'), ('1', '2')"));
  });
});

describe('a Galera node of the lab', () => {
  it('is Synced, also after it was killed and started again', async () => {
    await using node = await startGaleraNode();
    const state = (): Promise<unknown> => node.sql("SHOW STATUS LIKE 'wsrep_local_state_comment'");
    const synced = [{ Variable_name: 'wsrep_local_state_comment', Value: 'Synced' }];
    expect(await state()).toEqual(synced);
    await node.sql('CREATE DATABASE d');
    await node.sql('CREATE TABLE d.t SELECT seq AS id FROM d.seq_1_to_10');
    const rows = await digestTables(node);
    await node.kill();
    await node.start();
    expect(await state()).toEqual(synced);
    expect(await digestTables(node)).toEqual(rows);
  });
});
