import { chmodSync, existsSync, mkdirSync, readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Running, type Sandbox } from '../e2e/cli.ts';
import { mountSmallDisk } from '../e2e/small-disk.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { backUp, configureMysql } from '../fixtures/mysql-run.ts';
import { processesIn } from '../fixtures/processes.ts';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';

let sandbox: Sandbox;
let server: MariadbServer;

beforeAll(async () => {
  sandbox = createSandbox();
  // The private server runs as an account of its own.
  chmodSync(sandbox.dir, 0o711);
  server = await startMariadb({ lines: ['max_allowed_packet = 64M'] });
  configureMysql(sandbox, { defaultsFile: server.backupDefaultsFile });
  for (const statement of [
    'CREATE DATABASE shop',
    'CREATE TABLE shop.first (id INT PRIMARY KEY)',
    'INSERT INTO shop.first VALUES (1)',
    'CREATE TABLE shop.second (data LONGBLOB) ENGINE=MyISAM',
    ...Array.from({ length: 10 }, () => "INSERT INTO shop.second VALUES (REPEAT('x', 20 << 20))"),
    'CREATE DATABASE sick',
    'CREATE TABLE sick.a (id INT PRIMARY KEY) ENGINE=MyISAM',
    'CREATE TABLE sick.b (id INT, word CHAR(100)) ENGINE=MyISAM',
    'INSERT INTO sick.a VALUES (1)',
    "INSERT INTO sick.b SELECT seq, REPEAT('b', 100) FROM sick.seq_1_to_1000",
    'FLUSH TABLES',
  ])
    await server.sql(statement);
  truncateSync(join(server.datadir, 'sick', 'b.MYD'), 5000);
  expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
}, 300_000);

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  sandbox?.[Symbol.dispose]();
});

let runs = 0;
let room: string;
let tmp: string;
beforeEach(() => {
  runs += 1;
  room = join(sandbox.dir, `room-${runs}`);
  tmp = join(sandbox.dir, `t${runs}`);
  for (const folder of [room, tmp]) mkdirSync(folder, { mode: 0o711 });
});
/** Whatever has happened, nothing runs. */
afterEach(async () => {
  await expect.poll(() => processesIn(sandbox.dir), { timeout: 30_000 }).toEqual([]);
});

const dstIn = (folder: string) => join(folder, 'dst');

const start = (folder: string, ...names: string[]): Running =>
  sandbox.start(['--debug', 'restore', 'tables', '--dst', dstIn(folder), ...names], { TMPDIR: tmp });

/** Waits until the run has said something on stderr. */
async function untilSaid({ child, result }: Running, words: string): Promise<void> {
  let said = '';
  const heard = new Promise<void>((resolve) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(words)) resolve();
    });
  });
  await Promise.race([heard, result]);
  expect(said).toContain(words);
}

const left = (folder: string) => readdirSync(folder).filter((name) => name !== 'dst');

describe('restore tables', () => {
  it('leaves nothing when it is interrupted while it writes', async () => {
    const run = start(room, 'shop');
    await untilSaid(run, 'Writing shop.second.sql');
    run.child.kill('SIGINT');
    expect((await run.result).exitCode).not.toBe(0);
    expect(readdirSync(dstIn(room))).toEqual([]);
    expect([left(room), readdirSync(tmp)]).toEqual([[], []]);
  }, 300_000);

  it('that was killed leaves no server, and its folders to the next run', async () => {
    const run = start(room, 'shop');
    await untilSaid(run, 'Writing shop.second.sql');
    run.child.kill('SIGKILL');
    await run.result;
    await expect.poll(() => processesIn(sandbox.dir), { timeout: 30_000 }).toEqual([]);
    // No file that could be taken for a complete one.
    expect(readdirSync(dstIn(room))).toEqual(['.twindb-restore']);
    expect(left(room)).toHaveLength(1);
    const words = ['--quiet', 'restore', 'tables', '--dst', join(room, 'again'), 'shop.first'];
    const again = await sandbox.start(words, { TMPDIR: tmp }).result;
    expect(again).toMatchObject({ exitCode: 0, stderr: '' });
    expect(readdirSync(room).toSorted()).toEqual(['again', 'dst']);
    expect(readdirSync(tmp)).toEqual([]);
  }, 300_000);

  it('leaves the target empty when the disk is full', async ({ skip }) => {
    using disk = mountSmallDisk(room, 560 << 20);
    if (disk === undefined) return skip('mounting a file system is not allowed here');
    chmodSync(room, 0o711);
    const result = await start(room, 'shop').result;
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('Cannot write shop.second.sql');
    expect(result.stderr).toContain('no space left');
    expect(readdirSync(dstIn(room))).toEqual([]);
    expect(left(room)).toEqual([]);
  }, 300_000);

  it('refuses the root of a file system, beside which there is no room', async ({ skip }) => {
    const folder = dstIn(room);
    using disk = mountSmallDisk(folder, 1 << 20);
    if (disk === undefined) return skip('mounting a file system is not allowed here');
    const result = await start(room, 'shop').result;
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain(`Name a folder in it: --dst ${folder}/tables`);
    expect([readdirSync(folder), left(room)]).toEqual([[], []]);
  }, 60_000);

  it('refuses the host of a copy that is named', async () => {
    const result = await start(room, '--copy', 'some/daily/mysql/copy', '--hostname', 'other', 'shop').result;
    expect(result).toMatchObject({ exitCode: 1, stdout: '' });
    expect(result.stderr).toContain('--hostname is for "latest"');
    expect(existsSync(dstIn(room))).toBe(false);
  }, 60_000);

  it('names a damaged table, leaves the target empty, and restores the others', async () => {
    const result = await start(room, 'sick').result;
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('Cannot write sick.b.sql');
    expect(result.stderr).toMatch(/crashed|marked as crashed|Incorrect|read/i);
    expect(result.stderr).toContain('Name what is needed and not damaged');
    expect(readdirSync(dstIn(room))).toEqual([]);
    const other = await start(room, 'sick.a').result;
    expect(other.exitCode).toBe(0);
    expect(existsSync(join(dstIn(room), 'sick.a.sql'))).toBe(true);
    expect(left(room)).toEqual([]);
  }, 300_000);
});
