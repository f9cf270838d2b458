import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Running, type Sandbox } from '../e2e/cli.ts';
import { mountSmallDisk } from '../e2e/small-disk.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { backUp, configureMysql } from '../fixtures/mysql-run.ts';
import { processesIn } from '../fixtures/processes.ts';
import { type MariadbServer, startMariadb, startOn } from '../lab/mariadb.ts';
import { digestTables, type TableDigest } from '../lab/rows.ts';

/** A server with a copy and logs behind it, whose replay takes some seconds. */
let server: MariadbServer;
let sandbox: Sandbox;
let wanted: TableDigest[];
beforeAll(async () => {
  server = await startMariadb({ lines: ['max_allowed_packet = 64M'] });
  sandbox = createSandbox();
  // The private server runs as its own account.
  chmodSync(sandbox.dir, 0o711);
  configureMysql(sandbox, { defaultsFile: server.backupDefaultsFile });
  await server.sql('CREATE DATABASE d');
  await server.sql('CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, v LONGBLOB)');
  await server.sql('CREATE TABLE d.isam (id INT PRIMARY KEY AUTO_INCREMENT, v LONGBLOB) ENGINE=MyISAM');
  expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
  for (let round = 0; round < 3; round += 1) {
    await server.sql("INSERT INTO d.t (v) SELECT REPEAT('x', 4000) FROM d.seq_1_to_4000");
    await server.sql("INSERT INTO d.isam (v) SELECT REPEAT('y', 4000) FROM d.seq_1_to_1000");
    await server.sql('FLUSH BINARY LOGS');
  }
  wanted = await digestTables(server);
  const lock = ['--lock-file', join(sandbox.dir, 'lock')];
  expect(await sandbox.run('backup', ...lock, '--binlogs-only', 'hourly')).toEqual(SILENT);
}, 180_000);
afterAll(async () => {
  sandbox[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

let runs = 0;
let dst: string;
let tmp: string;
beforeEach(() => {
  runs += 1;
  dst = join(sandbox.dir, `restored-${runs}`);
  tmp = join(sandbox.dir, `t${runs}`);
  mkdirSync(tmp, { mode: 0o711 });
});
/** Whatever has happened, nothing runs and nothing is left. */
afterEach(async () => {
  await expect.poll(() => processesIn(sandbox.dir), { timeout: 20_000 }).toEqual([]);
});

const start = (...options: string[]): Running =>
  sandbox.start(['--debug', 'restore', 'mysql', 'latest', '--dst', dst, ...options], { TMPDIR: tmp });

/** What the run says on stderr, so far. */
function listen({ child }: Running): () => string {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  return () => said;
}

const left = () => (existsSync(dst) ? readdirSync(dst) : []);

/** The phases of a recovery, by what is said when they begin. */
const PHASES = [
  ['planning', /./],
  ['fetching', /Restoring .*xbstream/],
  ['preparing', /Preparing the full copy/],
  ['booting', /Starting \/usr\/sbin\/(mariadbd|mysqld)/],
  ['replaying', /Restoring .*binlog/],
] as const;

describe('the end of the tool', () => {
  it.each(PHASES)(
    'by SIGTERM while it is %s leaves nothing',
    async (_phase, sign) => {
      const running = start('--to-latest');
      const said = listen(running);
      await expect.poll(said, { timeout: 60_000, interval: 5 }).toMatch(sign);
      running.child.kill('SIGTERM');
      const { exitCode, stdout } = await running.result;
      expect([exitCode, stdout, left(), readdirSync(tmp)]).toEqual([143, '', [], []]);
    },
    120_000,
  );

  it.each(PHASES.slice(2))(
    'by SIGKILL while it is %s ends the server, and the next run sweeps',
    async (phase, sign) => {
      const running = start('--to-latest');
      const said = listen(running);
      await expect.poll(said, { timeout: 60_000, interval: 5 }).toMatch(sign);
      running.child.kill('SIGKILL');
      await running.result;
      await expect.poll(() => processesIn(sandbox.dir), { timeout: 20_000 }).toEqual([]);
      // All that a private server leaves is swept alike.
      if (phase !== 'replaying') return;
      dst = join(sandbox.dir, `again-${runs}`);
      const again = await start('--to-latest').result;
      expect([again.exitCode, readdirSync(tmp)]).toEqual([0, []]);
    },
    180_000,
  );
});

describe('the end of the private server', () => {
  it('in the replay fails, and says so', async () => {
    const running = start('--to-latest');
    const said = listen(running);
    await expect.poll(said, { timeout: 60_000, interval: 5 }).toMatch(/Restoring .*binlog/);
    await sleep(300);
    const servers = processesIn(dst).filter(({ command }) => /mariadbd|mysqld/.test(command));
    expect(servers).not.toEqual([]);
    for (const { pid } of servers) process.kill(pid, 'SIGKILL');
    const { exitCode, stdout, stderr } = await running.result;
    expect([exitCode, stdout, left(), readdirSync(tmp)]).toEqual([1, '', [], []]);
    expect(stderr).toMatch(/The replay failed .*: error (2013|2006|2026|2055)/);
  }, 120_000);
});

describe('a full disk', () => {
  it.each([
    ['in the replay', 100 << 20],
    ['before it', 40 << 20],
  ])(
    '%s leaves nothing',
    async (_when, bytes) => {
      using disk = mountSmallDisk(dst, bytes);
      if (disk === undefined) return;
      chmodSync(dst, 0o711);
      const { exitCode, stdout, stderr } = await start('--to-latest').result;
      expect([exitCode, stdout, left(), readdirSync(tmp)]).toEqual([1, '', [], []]);
      expect(stderr).toMatch(/is full|no room left|not enough space|no space left|out of disk space/i);
    },
    180_000,
  );
});

describe('surroundings that are none of its business', () => {
  it('do not change what comes out: the time zone of the terminal', async () => {
    const { exitCode, stderr } = await sandbox.start(
      ['restore', 'mysql', 'latest', '--dst', dst, '--to-latest'],
      { TMPDIR: tmp, TZ: 'Asia/Tokyo' },
    ).result;
    expect([exitCode, stderr]).toEqual([0, '']);
    await using restored = await startOn(dst, { lines: ['skip_log_bin'] });
    expect(await digestTables(restored)).toEqual(wanted);
  }, 120_000);
});
