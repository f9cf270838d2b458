import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSandbox, destinationSections, type Sandbox } from '../e2e/cli.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { backUp, configureMysql } from '../fixtures/mysql-run.ts';
import { useLab } from '../lab/lab.ts';
import { type MariadbServer, startMariadb, startOn } from '../lab/mariadb.ts';
import { digestTables } from '../lab/rows.ts';

let sandbox: Sandbox;
let server: MariadbServer;
let dst: string;
beforeEach(async () => {
  sandbox = createSandbox();
  // The private server runs as its own account.
  chmodSync(sandbox.dir, 0o711);
  dst = join(sandbox.dir, 'restored');
  server = await startMariadb();
  await server.sql('CREATE DATABASE d');
  await server.sql('CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(100))');
});
afterEach(async () => {
  sandbox[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

const copyLogs = async () => {
  const args = ['backup', '--lock-file', join(sandbox.dir, 'lock'), '--binlogs-only', 'hourly'];
  expect(await sandbox.run(...args)).toEqual(SILENT);
};

const restore = async (...options: string[]) =>
  await sandbox.run('restore', 'mysql', 'latest', '--dst', dst, ...options);

const position = async () => {
  const [row] = await server.sql<{ File: string; Position: number }>('SHOW MASTER STATUS');
  return `${row?.File}:${row?.Position}`;
};

const gtidOf = async () => (await server.sql<{ g: string }>('SELECT @@gtid_binlog_pos AS g'))[0]?.g ?? '';

const LONG = { timeout: 180_000 };

describe('a recovery by the command', LONG, () => {
  it('goes on from an incremental copy, through gpg on S3, and says up to where', async () => {
    const lab = useLab();
    const place = destinationSections('s3', sandbox, lab);
    const { keyring, recipient, secretKeyring } = lab.gpg;
    configureMysql(
      sandbox,
      { defaultsFile: server.backupDefaultsFile },
      {
        ...place,
        // Other tests back up their servers to this bucket under the same host name.
        s3: { ...place['s3'], prefix: randomUUID() },
        gpg: { keyring, recipient, secret_keyring: secretKeyring },
      },
    );
    await server.sql("INSERT INTO d.t VALUES (1, 'in the full copy')");
    expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
    await server.sql("INSERT INTO d.t VALUES (2, 'in the incremental one')");
    expect(await backUp(sandbox, 'hourly')).toEqual(SILENT);
    const session = await server.connect();
    await session.query("XA START 'left','b'");
    await session.query("INSERT INTO d.t VALUES (3, 'prepared')");
    await session.query("XA END 'left','b'");
    await session.query("XA PREPARE 'left','b'");
    await server.sql("INSERT INTO d.t VALUES (4, 'in the logs\r\n')");
    const last = await gtidOf();
    const wanted = await digestTables(server);
    await session.query("XA COMMIT 'left','b'");
    await session.end();
    await server.sql('FLUSH BINARY LOGS');
    await server.sql('DROP TABLE d.t');
    await copyLogs();

    const { exitCode, stdout, stderr } = await restore('--to-gtid', last);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Recovered to GTID .*: 2 transactions of .* on .*\/hourly\/mysql\//);
    expect(stdout).toContain(`last included:  GTID ${last}, `);
    expect(stdout).toContain(`SET GLOBAL gtid_slave_pos='${last}'`);
    expect(stdout).toContain("XA COMMIT 'left','b';");
    const { mode, uid } = statSync(dst);
    expect([mode & 0o777, uid]).toEqual([0o700, statSync(join(dst, 'ibdata1')).uid]);
    await using restored = await startOn(dst, { lines: ['skip_log_bin'] });
    expect(await digestTables(restored)).toEqual(wanted);
    expect(await restored.sql('XA RECOVER')).toHaveLength(1);
    expect(await restored.sql("SELECT user FROM mysql.user WHERE user LIKE 'twindb%'")).toEqual([]);
  });

  it('leaves nothing when a statement is refused, and gets as far as it says', async () => {
    configureMysql(sandbox, { defaultsFile: server.backupDefaultsFile });
    await server.sql("INSERT INTO d.t VALUES (1, 'twice')");
    expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
    await server.sql("INSERT INTO d.t VALUES (2, 'fine')");
    const before = await position();
    const session = await server.connect();
    await session.query('SET sql_log_bin = 0');
    await session.query('DELETE FROM d.t WHERE id = 1');
    await session.query('SET sql_log_bin = 1');
    await session.query("INSERT INTO d.t VALUES (1, 'again')");
    const gtid = await gtidOf();
    await session.end();
    await copyLogs();

    const failed = await restore('--to-latest');
    expect([failed.exitCode, failed.stdout, readdirSync(dst)]).toEqual([1, '', []]);
    const [log, at] = before.split(':');
    expect(failed.stderr).toContain(
      `The replay failed in the transaction that begins at ${log}, position ${at}, GTID ${gtid}: error 1062: `,
    );
    const [, reachable = ''] = /can be reached: (--to-position \S+)/.exec(failed.stderr) ?? [];
    const again = await restore(...reachable.split(' '));
    expect([again.exitCode, again.stderr]).toEqual([0, '']);
    await using restored = await startOn(dst, { lines: ['skip_log_bin'] });
    expect(await restored.sql('SELECT v FROM d.t ORDER BY id')).toEqual([{ v: 'twice' }, { v: 'fine' }]);
  });

  it('gives a table without ENGINE the one that the server had for it', async () => {
    configureMysql(sandbox, { defaultsFile: server.backupDefaultsFile });
    await server.sql('SET GLOBAL default_storage_engine = MyISAM');
    expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
    const session = await server.connect();
    await session.query('CREATE TABLE d.plain (id INT PRIMARY KEY)');
    await session.query('START TRANSACTION');
    await session.query('INSERT INTO d.plain VALUES (1)');
    // It stays.
    await session.query('ROLLBACK');
    await session.end();
    const wanted = await digestTables(server);
    await copyLogs();
    expect(await restore('--to-latest')).toMatchObject({ exitCode: 0, stderr: '' });
    await using restored = await startOn(dst, { lines: ['skip_log_bin'] });
    expect(await restored.sql('SELECT id FROM d.plain')).toEqual([{ id: 1 }]);
    expect(await digestTables(restored)).toEqual(wanted);
  });

  it('warns where SYSTEM was another time zone', async () => {
    configureMysql(sandbox, { defaultsFile: server.backupDefaultsFile });
    await server.stop();
    vi.stubEnv('TZ', 'Asia/Tokyo');
    await server.start();
    vi.unstubAllEnvs();
    expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
    await server.sql('INSERT INTO d.t VALUES (1, NOW())');
    await copyLogs();
    const { exitCode, stderr } = await restore('--to-latest');
    expect([exitCode, stderr]).toEqual([
      0,
      expect.stringContaining('The server had the time zone JST, and this host has '),
    ]);
  });

  it('is rehearsed by verify mysql, with the seconds of each step, and what a loss would have cost', async () => {
    configureMysql(sandbox, { defaultsFile: server.backupDefaultsFile });
    expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
    await server.sql("INSERT INTO d.t VALUES (1, 'in the logs')");
    const gtid = await gtidOf();
    await copyLogs();
    const questions = sandbox.file('questions.sql', 'SELECT v FROM d.t;\n-- expect: in the logs\n');
    const tmp = join(sandbox.dir, 'tmp');
    mkdirSync(tmp, { recursive: true });
    chmodSync(tmp, 0o711);
    const args = ['verify', 'mysql', 'latest', '--to-latest', '--sql', questions];
    const { exitCode, stdout, stderr } = await sandbox.start(args, { TMPDIR: tmp }).result;
    expect([exitCode, stderr, readdirSync(tmp)]).toEqual([0, '', []]);
    const said = JSON.parse(stdout) as {
      seconds: Record<string, number>;
      rto: number;
      rpo: number;
      reached: string;
      last_gtid: string;
      success: boolean;
    };
    expect(said).toMatchObject({ success: true, last_gtid: gtid, statements: { run: 1, failed: [] } });
    expect(said.seconds['replay']).toBeGreaterThan(0);
    expect(said.rto).toBeGreaterThan(said.seconds['replay'] ?? 0);
    expect(said.rpo).toBeLessThan(3600);
  });

  it('takes what a dead server has left, to the last whole transaction, and changes none of it', async () => {
    configureMysql(sandbox, { defaultsFile: server.backupDefaultsFile });
    expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
    await server.sql("INSERT INTO d.t VALUES (1, 'in a log that is copied')");
    await copyLogs();
    await server.sql("INSERT INTO d.t VALUES (2, 'in one that is not')");
    await server.sql('FLUSH BINARY LOGS');
    await server.sql("INSERT INTO d.t VALUES (3, 'in the last one')");
    const last = await gtidOf();
    const whole = Number((await position()).split(':')[1]);
    await server.sql("INSERT INTO d.t VALUES (4, 'torn')");
    await server.kill();
    const left = join(sandbox.dir, 'left');
    cpSync(server.binlogDir, left, { recursive: true });
    const torn =
      readdirSync(left)
        .filter((name) => /\.\d+$/.test(name))
        .toSorted()
        .at(-1) ?? '';
    truncateSync(join(left, torn), whole + 30);
    writeFileSync(join(left, 'mysql-bin.state'), '');
    const before = readdirSync(left).map((name) => [name, readFileSync(join(left, name), 'hex')]);

    const { exitCode, stdout, stderr } = await restore('--to-latest', '--more-logs', left);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`last included:  GTID ${last}, `);
    expect(stdout).toContain(
      `${torn} was cut short: 30 B behind its last complete transaction are left out.`,
    );
    expect(readdirSync(left).map((name) => [name, readFileSync(join(left, name), 'hex')])).toEqual(before);
    await using restored = await startOn(dst, { lines: ['skip_log_bin'] });
    expect(await restored.sql('SELECT id FROM d.t')).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  });

  it('needs no server where the copy itself is the target, and refuses a folder that the server may not enter', async () => {
    configureMysql(sandbox, { defaultsFile: server.backupDefaultsFile });
    await server.sql("INSERT INTO d.t VALUES (1, 'in the copy')");
    const at = await gtidOf();
    expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
    await server.sql("INSERT INTO d.t VALUES (2, 'behind it')");
    await copyLogs();
    chmodSync(sandbox.dir, 0o700);
    const refused = await restore('--to-latest');
    expect([refused.exitCode, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toContain(`may not enter ${sandbox.dir}`);
    expect(existsSync(dst) ? readdirSync(dst) : []).toEqual([]);
    const { exitCode, stdout, stderr } = await restore('--to-gtid', at);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toContain('on which nothing had to be replayed');
  });
});
