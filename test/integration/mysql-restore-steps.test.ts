import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { commandsOf, followSteps } from '../fixtures/follow-steps.ts';
import { configureMysql, listedMysql, statusOf } from '../fixtures/mysql-run.ts';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';
import { digestTables } from '../lab/rows.ts';

let sandbox: Sandbox;
let outside: string;
beforeEach(() => {
  sandbox = createSandbox();
  // The server's user has to get there.
  outside = mkdtempSync('/tmp/twindb-outside-');
  execFileSync('chmod', ['755', outside]);
});
afterEach(() => {
  sandbox[Symbol.dispose]();
  rmSync(outside, { recursive: true, force: true });
});

/** Moves these files of a server, which is to look for them there from now on. */
async function moveOutside(
  server: MariadbServer,
  folders: Readonly<Record<string, readonly RegExp[]>>,
  lines: readonly string[],
): Promise<void> {
  // All undo tablespaces are empty then, and their number may change.
  await server.sql('SET GLOBAL innodb_fast_shutdown = 0');
  await server.stop();
  for (const [folder, patterns] of Object.entries(folders)) {
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(server.datadir)) {
      if (patterns.some((pattern) => pattern.test(name)))
        renameSync(join(server.datadir, name), join(folder, name));
    }
  }
  execFileSync('chown', ['-R', 'mysql:', outside]);
  appendFileSync(server.serverOptionsFile, `${lines.join('\n')}\n`);
  await server.start();
}

const restore = async (dst: string): Promise<string> => {
  const key = listedMysql(sandbox).find(({ key: each }) => each.includes('/daily/'))?.key ?? '';
  const { exitCode, stdout, stderr } = await sandbox.run('restore', 'mysql', key, '--dst', dst);
  expect([exitCode, stderr]).toEqual([0, '']);
  return stdout;
};

/** Rows before and after the copy, all of which a restore and a replay bring back. */
async function makePast(server: MariadbServer) {
  await server.sql('CREATE DATABASE d');
  await server.sql('CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(200)) ENGINE=InnoDB');
  await server.sql("INSERT INTO d.t SELECT seq, REPEAT('a', 100) FROM d.seq_1_to_3000");
  await server.sql('CREATE TABLE d.ar (id INT PRIMARY KEY) ENGINE=Aria');
  await server.sql('INSERT INTO d.ar SELECT seq FROM d.seq_1_to_500');
  configureMysql(sandbox, { defaultsFile: server.backupDefaultsFile });
  expect(await sandbox.backup()).toEqual(SILENT);
  const ofCopy = await digestTables(server);
  await server.sql("UPDATE d.t SET v = REPEAT('b', 150)");
  await server.sql('DELETE FROM d.t WHERE id % 2');
  await server.sql('CREATE TABLE d.later (id INT) ENGINE=InnoDB');
  await server.sql('DELETE FROM d.ar WHERE id > 100');
  const copying = sandbox.run('backup', '--lock-file', join(sandbox.dir, 'lock'), '--binlogs-only', 'hourly');
  expect(await copying).toEqual(SILENT);
  return { ofCopy, atTheEnd: await digestTables(server) };
}

/** Follows the steps up to the replay, then the rest. */
async function expectSteps(steps: string, server: MariadbServer, past: Awaited<ReturnType<typeof makePast>>) {
  const commands = commandsOf(steps);
  const replay = commands.findIndex((line) => line.includes('restore binlog'));
  await followSteps(commands.slice(0, replay), sandbox, server);
  expect(await digestTables(server)).toEqual(past.ofCopy);
  await followSteps(commands.slice(replay), sandbox, server);
  expect(await digestTables(server)).toEqual(past.atTheEnd);
}

const OUTSIDE = {
  'a data home': { files: [/^ibdata1$/], lines: ['innodb_data_home_dir'] },
  'redo logs': { files: [/^ib_logfile0$/], lines: ['innodb_log_group_home_dir'] },
  'undo tablespaces': {
    files: [/^undo/],
    lines: ['innodb_undo_directory'],
    more: ['innodb_undo_tablespaces = 3'],
  },
  'logs of Aria': { files: [/^aria_log/], lines: ['aria_log_dir_path'] },
  'all of them': {
    files: [/^ibdata1$/, /^ib_logfile0$/, /^undo/, /^aria_log/],
    lines: [
      'innodb_data_home_dir',
      'innodb_log_group_home_dir',
      'innodb_undo_directory',
      'aria_log_dir_path',
    ],
    more: ['innodb_undo_tablespaces = 3'],
  },
};

describe('the printed steps, word for word', () => {
  it.each(Object.entries(OUTSIDE))(
    'bring back the copy and then all, of a server with %s elsewhere',
    async (_title, { files, lines, ...rest }) => {
      await using server = await startMariadb({ lines: ['gtid_strict_mode = ON'] });
      const more = 'more' in rest ? rest.more : [];
      await moveOutside(server, { [outside]: files }, [
        ...lines.map((name) => `${name} = ${outside}`),
        ...more,
      ]);
      const past = await makePast(server);
      const steps = await restore(join(sandbox.dir, 'restored'));
      expect(steps).toContain(`in ${outside}, not in the data directory`);
      await expectSteps(steps, server, past);
    },
    90_000,
  );

  it('name the data directory that the server had, and put its logs aside', async () => {
    await using server = await startMariadb();
    const past = await makePast(server);
    const [copy] = listedMysql(sandbox);
    expect(statusOf(sandbox, copy?.key ?? '')).toMatchObject({
      server_setup: { settings: { datadir: `${server.datadir}/`, log_slave_updates: 'OFF' } },
    });
    const steps = await restore(join(sandbox.dir, 'restored'));
    const [, place = ''] = /\n {2}mkdir -p -m 700 (\S+\.before-restore-\S+)\n/.exec(steps) ?? [];
    expect(steps).toContain(`\n  mv -T ${server.datadir} ${place}/data\n`);
    const logs = `${place}/outside${server.binlogDir}`;
    expect(steps).toContain(`\n  mv -n -t ${logs} ${server.binlogDir}/mysql-bin.*\n`);
    await expectSteps(steps, server, past);
    expect(readdirSync(logs)).toContain('mysql-bin.000001');
    expect(readdirSync(server.datadir).filter((name) => name.startsWith('.'))).toEqual([]);
  }, 90_000);

  it('leave data where they are that were restored into the data directory', async () => {
    await using server = await startMariadb();
    const past = await makePast(server);
    await server.stop();
    rmSync(server.datadir, { recursive: true });
    const steps = await restore(server.datadir);
    expect(steps).not.toContain('mv -T');
    await expectSteps(steps, server, past);
  }, 90_000);
});

describe("a database with the name of one of the backup program's files", () => {
  it('is refused before anything is copied, and named', async () => {
    await using server = await startMariadb();
    await server.sql('CREATE DATABASE xtrabackup_info');
    configureMysql(sandbox, { defaultsFile: server.backupDefaultsFile });
    const { exitCode, stderr } = await sandbox.backup();
    expect(exitCode).toBe(1);
    expect(stderr).toContain(
      'The database xtrabackup_info cannot be backed up: a file of each copy has that name',
    );
    expect(listedMysql(sandbox)).toEqual([]);
    await server.sql('DROP DATABASE xtrabackup_info');
    expect(await sandbox.backup()).toEqual(SILENT);
  }, 60_000);
});

describe('the steps of a replica that does not log what it gets', () => {
  it.each([true, false])(
    'say so, whether the account may ask for its primary (%s) or not',
    async (mayAsk) => {
      await using primary = await startMariadb();
      await using replica = await startMariadb({ lines: ['log_slave_updates = OFF'] });
      await primary.sql("CREATE USER repl@'127.0.0.1' IDENTIFIED BY 'x'");
      await primary.sql("GRANT REPLICATION SLAVE ON *.* TO repl@'127.0.0.1'");
      await replica.sql(
        `CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=${primary.port}, MASTER_USER='repl', MASTER_PASSWORD='x', MASTER_LOG_FILE='mysql-bin.000001', MASTER_LOG_POS=4`,
      );
      await replica.sql('START SLAVE');
      for (const host of mayAsk ? ['localhost', '127.0.0.1'] : [])
        await replica.sql(`GRANT SLAVE MONITOR ON *.* TO backup@'${host}'`);
      configureMysql(sandbox, { defaultsFile: replica.backupDefaultsFile });
      const backup = await sandbox.backup();
      expect([backup.exitCode, backup.stderr]).toEqual([
        0,
        expect.stringContaining('log_slave_updates is off'),
      ]);
      const steps = await restore(join(sandbox.dir, 'restored'));
      expect(steps).toContain('is not in its own logs (log_slave_updates=OFF)');
      expect(steps).toContain(
        mayAsk ? `a replica of 127.0.0.1:${primary.port}, at ` : 'has no SLAVE MONITOR',
      );
    },
    60_000,
  );
});
