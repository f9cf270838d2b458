import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Result, type Sandbox } from '../e2e/cli.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { configureMysql } from '../fixtures/mysql-run.ts';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';
import { digestTables } from '../lab/rows.ts';

const MARIADB_SH = fileURLToPath(new URL('../lab/mariadb.sh', import.meta.url));

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = createSandbox();
});
afterEach(() => sandbox[Symbol.dispose]());

const restored = () => join(sandbox.dir, 'restored');
const restore = (...options: string[]) =>
  sandbox.run('restore', 'mysql', 'latest', '--dst', restored(), ...options);

/** Rows of which a copy is taken, and more of them after it. */
async function makePast(server: MariadbServer) {
  await server.sql('CREATE DATABASE d');
  await server.sql('CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(200)) ENGINE=InnoDB');
  await server.sql("INSERT INTO d.t SELECT seq, REPEAT('a', 100) FROM d.seq_1_to_1000");
  configureMysql(sandbox, { defaultsFile: server.backupDefaultsFile });
  expect(await sandbox.backup()).toEqual(SILENT);
  const ofCopy = await digestTables(server);
  await server.sql("UPDATE d.t SET v = 'later'");
  await server.sql('CREATE TABLE d.later (id INT) ENGINE=InnoDB');
  return { ofCopy, later: await digestTables(server) };
}

/** Has the server keep its redo log and system tablespace beside its data directory from now on. */
async function moveOutside(server: MariadbServer): Promise<string> {
  const outside = join(server.dir, 'outside');
  await server.stop();
  mkdirSync(outside);
  for (const name of ['ibdata1', 'ib_logfile0']) renameSync(join(server.datadir, name), join(outside, name));
  execFileSync('chown', ['-R', 'mysql:', outside]);
  const lines = ['innodb_data_home_dir', 'innodb_log_group_home_dir'].map((name) => `${name} = ${outside}\n`);
  appendFileSync(server.serverOptionsFile, lines.join(''));
  await server.start();
  return outside;
}

/** Date and folder of the only install. */
function installOf(server: MariadbServer): { date: string; place: string } {
  const [name = '', ...others] = readdirSync(server.dir).filter((each) => each.includes('.before-restore-'));
  expect(others).toEqual([]);
  return { date: name.split('.before-restore-')[1] ?? '', place: join(server.dir, name) };
}

const accessTo = (path: string) => {
  const { uid, gid, mode } = statSync(path);
  return [uid, gid, (mode & 0o7777).toString(8)];
};

/** Whether this process may have mounts of its own. */
const canMount = spawnSync('unshare', ['-m', 'true']).status === 0;

/** Arguments: the folder for systemd when it runs, then the command. What the machine itself has is not seen by it. */
const SURROUNDINGS = `
mount -t tmpfs none /run && mount -t tmpfs none /etc/init.d || exit
if [ -n "$1" ]; then mkdir -p "$1"; else touch /etc/init.d/mariadb && chmod 755 /etc/init.d/mariadb; fi
shift
exec "$@"
`;

/** Runs the command where this service manager starts the server by `script`, and writes to `called` what it is asked for. */
function standIn(manager: 'service' | 'systemctl', script: string): (...args: string[]) => Promise<Result> {
  const isSystemd = manager === 'systemctl';
  const text = `#!/bin/sh\necho "$@" >> ${sandbox.dir}/called\n${isSystemd ? '[ "$1" = start ] || exit 0\n' : ''}${script}\n`;
  chmodSync(sandbox.file(`bin/${manager}`, text), 0o755);
  const env = { PATH: `${join(sandbox.dir, 'bin')}:${process.env['PATH']}` };
  const folder = isSystemd ? '/run/systemd/system' : '';
  return (...args) =>
    sandbox.startUnder(['unshare', '-m', 'bash', '-c', SURROUNDINGS, 'bash', folder], args, env).result;
}

describe.skipIf(process.getuid?.() !== 0)('restore mysql --install', () => {
  it('has the server run on the copy, and --uninstall on what was there before', async () => {
    await using server = await startMariadb();
    const outside = await moveOutside(server);
    const past = await makePast(server);
    await server.stop();
    chmodSync(server.datadir, 0o750);
    const access = accessTo(server.datadir);

    const installed = await restore('--install');
    expect(installed).toMatchObject({ exitCode: 0, stderr: '' });
    const { date, place } = installOf(server);
    expect(installed.stdout).toContain(
      `are installed in ${server.datadir}. What was there before is in ${place}.`,
    );
    expect(installed.stdout).toContain(`restore mysql --uninstall ${date}`);
    expect(installed.stdout).toContain(`in ${place}/outside${server.binlogDir}`);
    expect(existsSync(restored())).toBe(false);
    expect(accessTo(server.datadir)).toEqual(access);
    for (const name of ['ibdata1', 'ib_logfile0'])
      expect(accessTo(join(outside, name)).slice(0, 2)).toEqual(access.slice(0, 2));
    expect(readdirSync(server.datadir).filter((name) => name.startsWith('.'))).toEqual([]);
    await server.start();
    expect(await digestTables(server)).toEqual(past.ofCopy);
    await server.sql('CREATE TABLE d.newer (id INT) ENGINE=InnoDB');
    await server.stop();

    const undone = await sandbox.run('restore', 'mysql', '--uninstall', date);
    expect(undone).toMatchObject({ exitCode: 0, stderr: '' });
    await server.start();
    expect(await digestTables(server)).toEqual(past.later);
    expect(readdirSync(join(place, 'restored/data/d'))).toContain('newer.ibd');
    const again = await sandbox.run('restore', 'mysql', '--uninstall', place);
    expect(again).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('was undone already') });
  }, 240_000);

  it('refuses while the server runs, before anything is restored, and with a copy that was restored before', async () => {
    await using server = await startMariadb();
    const past = await makePast(server);
    const refused = await restore('--install');
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain(`The data directory ${server.datadir} is in use: mariadbd, process `);
    expect(refused.stderr).toContain('Stop the server first: systemctl stop mariadb');
    expect(existsSync(restored())).toBe(false);

    expect(await restore()).toMatchObject({ exitCode: 0 });
    const install = () => sandbox.run('restore', 'mysql', '--install', '--dst', restored());
    expect(await install()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('is in use') });
    expect(readdirSync(server.dir).filter((name) => name.includes('before-restore'))).toEqual([]);
    await server.stop();
    expect(await install()).toMatchObject({ exitCode: 0, stderr: '' });
    await server.start();
    expect(await digestTables(server)).toEqual(past.ofCopy);

    const { date } = installOf(server);
    const undo = await sandbox.run('restore', 'mysql', '--uninstall', date);
    expect(undo).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('is in use: mariadbd') });
    expect(await digestTables(server)).toEqual(past.ofCopy);
  }, 240_000);

  it.skipIf(!canMount).each(['service', 'systemctl'] as const)(
    'starts the service with --start; a program of the test stands in for %s',
    async (manager) => {
      await using server = await startMariadb();
      const past = await makePast(server);
      await server.stop();
      const start = standIn(manager, `LAB_OWNER=${process.pid} exec '${MARIADB_SH}' start '${server.dir}'`);
      const installed = await start(
        'restore',
        'mysql',
        'latest',
        '--dst',
        restored(),
        '--install',
        '--start',
      );
      expect(installed).toMatchObject({ exitCode: 0, stderr: '' });
      expect(installed.stdout).toContain('The server has been started.');
      expect(readFileSync(join(sandbox.dir, 'called'), 'utf8')).toBe(
        manager === 'service' ? 'mariadb start\n' : 'cat -- mariadb.service\nstart mariadb\n',
      );
      expect(await digestTables(server)).toEqual(past.ofCopy);
    },
    240_000,
  );

  it.skipIf(!canMount)(
    'says at which step a service does not start, and goes on from there; a program of the test stands in for systemctl',
    async () => {
      await using server = await startMariadb();
      const past = await makePast(server);
      await server.stop();
      const args = ['restore', 'mysql', 'latest', '--dst', restored(), '--install', '--start'];
      const failed = await standIn('systemctl', "echo 'Job failed.' >&2; exit 1")(...args);
      expect(failed.exitCode).toBe(1);
      expect(failed.stderr).toMatch(
        /It stopped at step (\d+) of \1, starting mariadb: systemctl failed with exit code 1/,
      );
      expect(failed.stderr).toContain('Job failed.');
      expect(failed.stderr).toContain(
        `To go back: twindb-backup --config ${sandbox.config} restore mysql --uninstall `,
      );
      const { exitCode, stdout } = await standIn('systemctl', '')(...args);
      expect([exitCode, stdout]).toEqual([0, expect.stringContaining('The server has been started.')]);
      await server.start();
      expect(await digestTables(server)).toEqual(past.ofCopy);
    },
    240_000,
  );
});
