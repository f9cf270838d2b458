import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, destinationSections, type Sandbox } from '../e2e/cli.ts';
import { configureMysql } from '../fixtures/mysql-run.ts';
import { backUpHere } from '../fixtures/run-in-process.ts';
import { useLab } from '../lab/lab.ts';
import { type MariadbServer, startMariadb, startOn } from '../lab/mariadb.ts';
import { digestTables, type TableDigest } from '../lab/rows.ts';
import { loadSchemas } from '../lab/schemas.ts';

const lab = useLab();
const { recipient, keyring, secretKeyring } = lab.gpg;
const gpg = { recipient, keyring, secret_keyring: secretKeyring };

let server: MariadbServer;
beforeAll(async () => {
  server = await startMariadb();
  await loadSchemas(server, { tables: 3, rows: 50 });
});
afterAll(() => server[Symbol.asyncDispose]());

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = createSandbox();
  await server.sql('RESET MASTER');
});
afterEach(() => sandbox[Symbol.dispose]());

let hosts = 0;
/** Destinations are shared by all tests: each backs up a host of its own, which is not the one that restores. */
const nameHost = () => `db-${process.pid}-${(hosts += 1)}`;

/** A full and an incremental copy by a host of that name, and what the tables held at their times. */
async function backUp(host: string): Promise<TableDigest[][]> {
  const rows: TableDigest[][] = [];
  for (const runType of ['daily', 'hourly'] as const) {
    await server.sql('UPDATE shop.orders SET total = total + 1');
    await server.sql(`CREATE OR REPLACE TABLE many.of_${runType} SELECT seq FROM shop.seq_1_to_100`);
    rows.push(await digestTables(server));
    expect(await backUpHere(sandbox, runType, { host })).toEqual({ returned: true, complaints: [] });
  }
  return rows;
}

const list = async (type: string, host: string): Promise<string[]> => {
  const { stdout } = await sandbox.run('ls', '--type', type);
  return stdout.split('\n').filter((line) => line.includes(`/${host}/`));
};

const rowsOf = async (
  copy: string,
  complaint: unknown = '',
  ...options: string[]
): Promise<TableDigest[]> => {
  const dst = join(sandbox.dir, `restored-${basename(copy)}`);
  expect(await sandbox.run('restore', 'mysql', copy, ...options, '--dst', dst)).toMatchObject({
    exitCode: 0,
    stderr: complaint,
  });
  await using restored = await startOn(dst);
  return await digestTables(restored);
};

describe.each([
  ['local', { program: 'gzip' }, { gpg }, '.gz.gpg'],
  ['ssh', { program: 'zstd' }, { gpg }, '.zst.gpg'],
  ['s3', { program: 'gzip' }, { gpg }, '.gz.gpg'],
  ['s3', { program: 'zstd' }, {}, '.zst'],
] as const)('copies and binary logs on %s with %o', (kind, compression, encryption, suffix) => {
  it(`come back on another host, from objects that end in ${suffix}`, async () => {
    configureMysql(sandbox, server, {
      ...destinationSections(kind, sandbox, lab),
      ...encryption,
      compression,
    });
    const host = nameHost();
    const [ofFull, ofIncremental] = await backUp(host);
    const [incremental = '', full = '', ...others] = await list('mysql', host);
    expect(others).toEqual([]);
    expect([incremental, full].map((copy) => copy.slice(copy.indexOf('.xbstream')))).toEqual([
      `.xbstream${suffix}`,
      `.xbstream${suffix}`,
    ]);
    expect(await rowsOf(full)).toEqual(ofFull);
    expect(await rowsOf('latest', '', '--hostname', host)).toEqual(ofIncremental);

    const logs = await list('binlog', host);
    const names = ['mysql-bin.000001', 'mysql-bin.000002'];
    expect(logs.map((log) => basename(log))).toEqual(names.map((name) => `${name}${suffix}`));
    const dst = join(sandbox.dir, 'logs');
    const fetched = await sandbox.run('restore', 'binlog', ...logs, '--dst', dst);
    expect(fetched).toMatchObject({ exitCode: 0, stderr: '' });
    for (const name of names)
      expect(readFileSync(join(dst, name)).equals(readFileSync(join(server.binlogDir, name)))).toBe(true);
  }, 180_000);
});

describe('copies in keep_local_path', () => {
  it('come back while the destination cannot be reached, which is said', async () => {
    const ssh = destinationSections('ssh', sandbox, lab);
    const configure = (port: number) =>
      configureMysql(sandbox, server, {
        ...ssh,
        ssh: { ...ssh['ssh'], port },
        destination: { ...ssh['destination'], keep_local_path: join(sandbox.dir, 'kept') },
        compression: { program: 'zstd' },
        gpg,
      });
    configure(lab.ssh.port);
    const host = nameHost();
    const [, ofIncremental] = await backUp(host);
    configure(1);
    const [incremental = ''] = await list('mysql', host);
    expect(incremental).toMatch(/\/kept\/.*\.xbstream\.zst$/);
    const complaint = expect.stringContaining('Only the copy in keep_local_path can be used') as string;
    expect(await rowsOf(incremental, complaint)).toEqual(ofIncremental);
  }, 180_000);
});
