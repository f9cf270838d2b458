import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatBytes } from '../../src/units.ts';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { mountSmallDisk } from '../e2e/small-disk.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { backUp, configureMysql, listedMysql, statusOf } from '../fixtures/mysql-run.ts';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';

const MIB = 1 << 20;

/** What preparing adds to a copy of this server: what it takes out of the redo log, and room to do so. */
const FOR_PREPARING = 12 * MIB;

let server: MariadbServer;
let sandbox: Sandbox;
let key: string;
let unpackedSize: number;
/** What the restored copy takes. */
let taken: number;

beforeAll(async () => {
  server = await startMariadb();
  sandbox = createSandbox();
  await run(STATEMENTS);
  // What pages take is known when they are on the disk.
  await server.stop();
  await server.start();
  // It does not shrink before the server is started anew.
  await run(GROW_TEMPORARY_TABLESPACE);
  configureMysql(sandbox, server);
  expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
  key = listedMysql(sandbox)[0]?.key ?? '';
  unpackedSize = (statusOf(sandbox, key) as { unpacked_size: number }).unpacked_size;
  const dst = join(sandbox.dir, 'restored');
  expect(await restore(dst)).toMatchObject({ exitCode: 0, stderr: '' });
  taken = used(dst);
});
afterAll(async () => {
  sandbox[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

/** 34 MiB of pages that are nearly empty on the disk, and 12 MiB each that InnoDB knows nothing of. */
const STATEMENTS = [
  'CREATE DATABASE d',
  'USE d',
  'CREATE TABLE holes (id INT PRIMARY KEY, v LONGTEXT) ENGINE=InnoDB PAGE_COMPRESSED=1',
  "INSERT INTO holes SELECT seq, REPEAT('x', 12000) FROM seq_1_to_2000",
  'CREATE TABLE isam ENGINE=MyISAM SELECT seq AS id, REPEAT(MD5(seq), 400) AS v FROM seq_1_to_1000',
  'CREATE TABLE aria ENGINE=Aria TRANSACTIONAL=0 SELECT seq AS id, REPEAT(MD5(seq), 400) AS v FROM seq_1_to_1000',
];

/** To more than all the rest. */
const GROW_TEMPORARY_TABLESPACE = [
  'USE d',
  'CREATE TEMPORARY TABLE t (id INT PRIMARY KEY, v LONGTEXT) ENGINE=InnoDB',
  "INSERT INTO t SELECT seq, REPEAT('x', 12000) FROM seq_1_to_6000",
];

async function run(statements: readonly string[]): Promise<void> {
  const connection = await server.connect();
  try {
    for (const statement of statements) await connection.query(statement);
  } finally {
    await connection.end();
  }
}

/** What a folder's files take on their disk. */
const used = (folder: string) =>
  Number(execFileSync('du', ['--summarize', '--block-size=1', folder]).toString().split('\t')[0]);

const restore = (dst: string) => sandbox.run('restore', 'mysql', key, '--dst', dst);

describe('the size that the status gives for a full copy', () => {
  it('is no more than what the copy takes, and hardly less', () => {
    expect(unpackedSize).toBeLessThanOrEqual(taken);
    expect(unpackedSize).toBeGreaterThan(taken - FOR_PREPARING);
  });

  it('lets a restore go on, without a warning, for which there is just room', async ({ skip }) => {
    const dst = join(sandbox.dir, 'just-enough');
    const disk = mountSmallDisk(dst, taken + FOR_PREPARING);
    if (disk === undefined) return skip();
    using _disk = disk;
    expect(await restore(dst)).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('refuses a restore at once for which there is none, tables of MyISAM and Aria counted', async ({
    skip,
  }) => {
    const dst = join(sandbox.dir, 'too-small');
    const disk = mountSmallDisk(dst, taken - FOR_PREPARING);
    if (disk === undefined) return skip();
    using _disk = disk;
    const { exitCode, stderr } = await restore(dst);
    expect([exitCode, readdirSync(dst)]).toEqual([1, []]);
    expect(stderr).toContain(`not enough space in ${dst}: the copy needs ${formatBytes(unpackedSize)}`);
  });
});
