import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { configureMysql, listedMysql, statusOf } from '../fixtures/mysql-run.ts';
import { type MariadbServer, startMariadb, startOn } from '../lab/mariadb.ts';

/** Replication takes its time. */
const eventually = (expectation: () => unknown): Promise<unknown> =>
  vi.waitFor(expectation, { timeout: 30_000, interval: 100 });

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = createSandbox();
});
afterEach(() => sandbox[Symbol.dispose]());

interface Row {
  readonly Slave_SQL_Running: string;
  readonly Relay_Master_Log_File: string;
  readonly Exec_Master_Log_Pos: number;
}

const statusRow = async (replica: MariadbServer): Promise<Row | undefined> =>
  (await replica.sql<Row>('SHOW ALL SLAVES STATUS'))[0];

const counted = async (server: MariadbServer): Promise<unknown> =>
  (await server.sql<{ n: number }>('SELECT n FROM d.counter'))[0]?.n;

/** Adds one to what the statement before left: applied twice, or not at all, it shows. */
const add = (primary: MariadbServer) => primary.sql('UPDATE d.counter SET n = n + 1');

async function startPrimary(): Promise<MariadbServer> {
  const primary = await startMariadb({ lines: ['binlog_format = STATEMENT'] });
  await primary.sql("CREATE USER repl@'127.0.0.1' IDENTIFIED BY 'x'");
  await primary.sql("GRANT REPLICATION SLAVE ON *.* TO repl@'127.0.0.1'");
  await primary.resetBinlogs();
  await primary.sql('CREATE DATABASE d');
  await primary.sql('CREATE TABLE d.counter (n INT) ENGINE=InnoDB');
  await primary.sql('INSERT INTO d.counter VALUES (0)');
  return primary;
}

/** A replica whose account for backups has these privileges besides. */
async function startReplica(
  primary: MariadbServer,
  { useGtid = 'no', connection = '' }: { readonly useGtid?: string; readonly connection?: string },
  ...privileges: readonly string[]
): Promise<MariadbServer> {
  const replica = await startMariadb({ lines: ['log_slave_updates = ON'] });
  await replica.sql(
    `CHANGE MASTER ? TO MASTER_HOST='127.0.0.1', MASTER_PORT=${primary.port}, MASTER_USER='repl', MASTER_PASSWORD='x', MASTER_LOG_FILE='mysql-bin.000001', MASTER_LOG_POS=4, MASTER_USE_GTID=${useGtid}`,
    [connection],
  );
  await replica.sql('START SLAVE ?', [connection]);
  for (const host of privileges.length > 0 ? ['localhost', '127.0.0.1'] : [])
    await replica.sql(`GRANT ${privileges.join(', ')} ON *.* TO backup@'${host}'`);
  await eventually(async () => expect(await counted(replica)).toBe(0));
  return replica;
}

/** A backup program that does `lines` first, and writes down what it was called with. */
function programWith(lines: string): string {
  const path = join(sandbox.dir, 'program');
  writeFileSync(
    path,
    `#!/bin/bash\ncase "$*" in *--backup*) echo "$@" > '${sandbox.dir}/called'\n${lines}\n;; esac\nexec mariabackup "$@"\n`,
  );
  chmodSync(path, 0o755);
  return path;
}
const calledWith = (): string => readFileSync(join(sandbox.dir, 'called'), 'utf8');

const configure = (replica: MariadbServer, mysql: Readonly<Record<string, string>>): void =>
  configureMysql(sandbox, { defaultsFile: replica.backupDefaultsFile }, { mysql });

const upstreamOf = (): unknown => {
  const entry = statusOf(sandbox, listedMysql(sandbox).at(-1)?.key ?? '');
  return (entry as { server_setup: { upstreams: unknown[] } }).server_setup.upstreams[0];
};

describe('the copy of a replica', () => {
  it.each([
    { useGtid: 'no', connection: '' },
    { useGtid: 'slave_pos', connection: '' },
    { useGtid: 'no', connection: "b's" },
  ])(
    'shows its own place in the logs of the primary, and the printed statements go on from there: %j',
    async (how) => {
      const { useGtid, connection } = how;
      await using primary = await startPrimary();
      await using replica = await startReplica(primary, how, 'SLAVE MONITOR');
      const [asked, go] = [join(sandbox.dir, 'called'), join(sandbox.dir, 'go')];
      configure(replica, {
        xtrabackup_binary: programWith(`until [ -e '${go}' ]; do sleep 0.05; done`),
      });
      const running = sandbox.backup();
      await eventually(() => expect(existsSync(asked)).toBe(true));
      // Between the questions to the server and the copy.
      await add(primary);
      await eventually(async () => expect(await counted(replica)).toBe(1));
      const at = await statusRow(replica);
      const [gtid] = await replica.sql<{ pos: string }>('SELECT @@gtid_slave_pos AS pos');
      writeFileSync(go, '');
      expect(await running).toMatchObject({ exitCode: 0, stderr: '' });
      expect(calledWith()).toContain('--slave-info');
      expect(calledWith()).not.toContain('--safe-slave-backup');
      expect(upstreamOf()).toMatchObject({
        connection,
        host: '127.0.0.1',
        port: String(primary.port),
        user: 'repl',
        toldBy: 'program',
        ...(useGtid === 'no'
          ? { binlog: at?.Relay_Master_Log_File, position: String(at?.Exec_Master_Log_Pos), gtid: '' }
          : { binlog: '', position: '', gtid: gtid?.pos }),
      });
      await add(primary);

      const dst = join(replica.dir, 'restored');
      const key = listedMysql(sandbox)[0]?.key ?? '';
      const { stdout, exitCode } = await sandbox.run('restore', 'mysql', key, '--dst', dst);
      expect(exitCode).toBe(0);
      const lines = stdout.split('\n');
      const begin = lines.findIndex((line) => line.includes('make it a replica of the same primary'));
      expect(lines[begin]).toContain('the password of repl in place of PASSWORD');
      const after = lines.slice(begin + 1);
      const count = after.findIndex((line) => !line.startsWith('  '));
      await using restored = await startOn(dst, { lines: ['server_id = 4711'] });
      expect(await counted(restored)).toBe(1);
      for (const statement of after.slice(0, count < 0 ? after.length : count))
        await restored.sql(statement.replace("'PASSWORD'", "'x'"));
      await eventually(async () => expect(await counted(restored)).toBe(2));
      expect(await statusRow(restored)).toMatchObject({ Slave_SQL_Running: 'Yes', Last_Errno: 0 });
    },
    90_000,
  );

  it('is made without that by an account that may not ask, which is said once', async () => {
    await using primary = await startPrimary();
    await using replica = await startReplica(primary, {});
    configure(replica, { xtrabackup_binary: programWith(''), safe_slave_backup: 'yes' });
    const { exitCode, stderr } = await sandbox.backup();
    expect([exitCode, stderr]).toEqual([
      0,
      expect.stringContaining('do not show where they are in the logs of its primary'),
    ]);
    expect(stderr).toContain('has no SLAVE MONITOR');
    expect(calledWith()).not.toMatch(/slave/);
    expect(await sandbox.backup()).toMatchObject({ exitCode: 0, stderr: '' });
  }, 60_000);
});

describe('safe_slave_backup', () => {
  it('is left out, and that is said, for an account that may not stop replication', async () => {
    await using primary = await startPrimary();
    await using replica = await startReplica(primary, {}, 'SLAVE MONITOR');
    configure(replica, { xtrabackup_binary: programWith(''), safe_slave_backup: 'yes' });
    const { exitCode, stderr } = await sandbox.backup();
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('has no REPLICATION')]);
    expect(calledWith()).toMatch(/--slave-info$/m);
    expect(upstreamOf()).toMatchObject({ toldBy: 'program' });
  }, 60_000);

  it('stops the SQL thread for the copy, which runs again afterwards, also after the program was killed', async () => {
    await using primary = await startPrimary();
    await using replica = await startReplica(primary, {}, 'SLAVE MONITOR', 'REPLICATION SLAVE ADMIN');
    const safe = { safe_slave_backup: 'yes' };
    configure(replica, { xtrabackup_binary: programWith(''), ...safe });
    expect(await sandbox.backup()).toMatchObject({ exitCode: 0, stderr: '' });
    expect(calledWith()).toContain('--slave-info --safe-slave-backup');
    expect(upstreamOf()).toMatchObject({ toldBy: 'program' });
    expect(await statusRow(replica)).toMatchObject({ Slave_SQL_Running: 'Yes' });

    const said = join(sandbox.dir, 'said');
    const dying = (then: string) =>
      `rm -f '${said}'; mariabackup "$@" 2> '${said}' & until grep -q 'safe to backup' '${said}'; do sleep 0.02; done; ${then}`;
    const expectRunning = async () => {
      expect(readFileSync(said, 'utf8')).not.toContain('Starting slave SQL thread');
      expect(await statusRow(replica)).toMatchObject({ Slave_SQL_Running: 'Yes' });
    };
    configure(replica, { xtrabackup_binary: programWith(dying('kill -9 $!; exit 1')), ...safe });
    expect((await sandbox.backup()).exitCode).toBe(1);
    await expectRunning();

    const stopped = join(sandbox.dir, 'stopped');
    configure(replica, {
      xtrabackup_binary: programWith(dying(`kill -STOP $!; touch '${stopped}'; wait`)),
      ...safe,
    });
    const running = sandbox.start(['backup', '--lock-file', join(sandbox.dir, 'lock'), 'daily']);
    await eventually(() => expect(existsSync(stopped)).toBe(true));
    expect(await statusRow(replica)).toMatchObject({ Slave_SQL_Running: 'No' });
    running.child.kill('SIGTERM');
    expect((await running.result).exitCode).toBe(143);
    await expectRunning();
  }, 90_000);
});
