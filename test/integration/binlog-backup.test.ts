import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../src/log.ts';
import { closeBinlogs } from '../../src/mysql/binlog/binlogs.ts';
import { connectMysql } from '../../src/mysql/server/server.ts';
import { readTimeCreated } from '../../src/sources/binlog.ts';
import { encodeEnvelope } from '../../src/status/envelope.ts';
import { createSandbox, type Result, type Sandbox } from '../e2e/cli.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import {
  backUp,
  binlogEntries,
  configureMysql,
  listedBinlogs,
  listedMysql,
  objectsIn,
} from '../fixtures/mysql-run.ts';
import { useLab } from '../lab/lab.ts';
import { isMysql, type MariadbServer, startMariadb } from '../lab/mariadb.ts';
import { installXtrabackup } from '../stand-ins/install.ts';

let server: MariadbServer;
let sandbox: Sandbox;
beforeAll(async () => {
  server = await startMariadb();
  await server.sql('CREATE DATABASE log');
  await server.sql('CREATE TABLE log.t (id INT AUTO_INCREMENT PRIMARY KEY, v TEXT)');
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  sandbox = createSandbox();
  await server.resetBinlogs();
});
afterEach(() => sandbox[Symbol.dispose]());

/** Binary logs only, as a server whose data something else backs up. */
const OFF = { backup_mysql: 'no' };
const run = (...options: string[]): Promise<Result> => backUp(sandbox, 'hourly', ...options);
const write = () => server.sql("INSERT INTO log.t (v) VALUES (REPEAT('x', 1000))");
const key = (name: string) => `${hostname()}/binlog/${name}`;
const object = (name: string) => `${key(name)}.gz`;
const original = (name: string) => readFileSync(join(server.binlogDir, name));
const stored = (name: string) => gunzipSync(readFileSync(join(sandbox.dir, 'repository', object(name))));

describe('binary logs', () => {
  it('are copied once each, in silence, byte for byte, but for the one that is being written', async () => {
    configureMysql(sandbox, server, { source: OFF });
    await write();
    expect(await run()).toEqual(SILENT);
    expect(objectsIn(sandbox)).toEqual([object('mysql-bin.000001')]);
    expect(stored('mysql-bin.000001').equals(original('mysql-bin.000001'))).toBe(true);
    const modified = () =>
      execFileSync('stat', ['-c', '%Z %i', join(sandbox.dir, 'repository', object('mysql-bin.000001'))]);
    const before = modified().toString();
    await write();
    await server.sql('FLUSH BINARY LOGS');
    await write();
    expect(await run()).toEqual(SILENT);
    expect(modified().toString()).toBe(before);
    const names = ['mysql-bin.000001', 'mysql-bin.000002', 'mysql-bin.000003'];
    expect(objectsIn(sandbox)).toEqual(names.map(object));
    expect([...listedBinlogs(sandbox).keys()]).toEqual(names.map(key));
    for (const name of names) {
      expect(stored(name).equals(original(name))).toBe(true);
      expect(listedBinlogs(sandbox).get(key(name))).toBe(original(name).readUInt32LE(4));
    }
  });

  it('are all that --binlogs-only copies', async () => {
    configureMysql(sandbox, server, { source: { backup_dirs: sandbox.dir } });
    const only = ['backup', '--lock-file', `${sandbox.dir}/lock`, '--binlogs-only', 'hourly'];
    expect(await sandbox.run(...only)).toEqual(SILENT);
    expect(objectsIn(sandbox)).toEqual([object('mysql-bin.000001')]);
    expect(listedMysql(sandbox)).toEqual([]);
  });

  it('are encrypted like all else, and lie in keep_local_path before that, with a status of its own', async () => {
    const { gpg } = useLab();
    configureMysql(sandbox, server, {
      source: OFF,
      destination: { keep_local_path: join(sandbox.dir, 'kept') },
      gpg: { recipient: gpg.recipient, keyring: gpg.keyring },
    });
    expect(await run()).toEqual(SILENT);
    expect(objectsIn(sandbox)).toEqual([`${object('mysql-bin.000001')}.gpg`]);
    expect(objectsIn(sandbox, 'kept')).toEqual([object('mysql-bin.000001')]);
    for (const place of ['repository', 'kept']) {
      expect([...listedBinlogs(sandbox, place).keys()]).toEqual([key('mysql-bin.000001')]);
    }
  });

  it('that were purged before they were copied are a gap: a warning, once, and a record', async () => {
    configureMysql(sandbox, server, { source: OFF });
    await run();
    for (let count = 0; count < 3; count += 1) await server.sql('FLUSH BINARY LOGS');
    await server.sql("PURGE BINARY LOGS TO 'mysql-bin.000004'");
    const gap = await run();
    expect(gap).toMatchObject({ exitCode: 0, stdout: '' });
    expect(gap.stderr).toContain('WARNING: The server purged 2 binary logs after mysql-bin.000001');
    expect(await run()).toEqual(SILENT);
    expect(binlogEntries(sandbox)).toMatchObject({
      [key('mysql-bin.000004')]: { gap_after: 'mysql-bin.000001' },
      [key('mysql-bin.000005')]: { gap_after: null },
    });
  });

  it('that begin anew after RESET MASTER do not replace the older ones of the same name', async () => {
    configureMysql(sandbox, server, { source: OFF });
    await write();
    await run();
    const before = stored('mysql-bin.000001');
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await server.resetBinlogs();
    const reset = await run();
    expect(reset.stderr).toContain("WARNING: The server's binary logs began anew after mysql-bin.000001");
    expect(stored('mysql-bin.000001').equals(before)).toBe(true);
    const time = original('mysql-bin.000001').readUInt32LE(4);
    expect(objectsIn(sandbox)).toEqual([object(`mysql-bin.000001.${time}`), object('mysql-bin.000001')]);
    expect(await run()).toEqual(SILENT);
  });

  it('never replace an object that no status lists', async () => {
    configureMysql(sandbox, server, { source: OFF });
    sandbox.file(`repository/${object('mysql-bin.000001')}`, 'of the server before this one');
    const first = await run();
    expect([first.exitCode, first.stderr]).toEqual([
      0,
      expect.stringContaining('binlog-status lists nothing, and copies of type binlog are there'),
    ]);
    const time = original('mysql-bin.000001').readUInt32LE(4);
    const timed = `mysql-bin.000001.${time}`;
    expect(objectsIn(sandbox)).toEqual([object(timed), object('mysql-bin.000001')]);
    expect(readFileSync(join(sandbox.dir, 'repository', object('mysql-bin.000001')), 'utf8')).toBe(
      'of the server before this one',
    );
    expect(stored(timed).equals(original('mysql-bin.000001'))).toBe(true);
    expect([...listedBinlogs(sandbox).keys()]).toEqual([key(timed)]);
    expect(await run()).toEqual(SILENT);
  });

  it('expire by the time when the next one was begun, those of the Python tool too, and what is not one of them stays', async () => {
    configureMysql(sandbox, server, { source: OFF, mysql: { expire_log_days: 2 } });
    await run();
    const days = (count: number) => Math.floor(Date.now() / 1000) - count * 86_400;
    const file = join(sandbox.dir, 'repository', hostname(), 'binlog-status');
    const young = [...listedBinlogs(sandbox)].map(([name, time_created]) => [name, { time_created }]);
    writeFileSync(
      file,
      encodeEnvelope({
        ...Object.fromEntries(young),
        [key('old-bin.000001')]: { time_created: days(9) },
        [key('old-bin.000002')]: { time_created: days(3) },
      }),
    );
    for (const name of ['old-bin.000001.gz.gpg', 'old-bin.000002.gz', 'old-bin.0000010.gz']) {
      sandbox.file(`repository/${key(name)}`, 'x');
    }
    expect(await run()).toEqual(SILENT);
    const names = ['mysql-bin.000001.gz', 'mysql-bin.000002.gz', 'old-bin.0000010.gz', 'old-bin.000002.gz'];
    expect(objectsIn(sandbox)).toEqual(names.map(key));
    expect(new Set(listedBinlogs(sandbox).keys())).toEqual(
      new Set(['mysql-bin.000001', 'mysql-bin.000002', 'old-bin.000002'].map(key)),
    );
  });

  it('that were begun long ago and end today are not removed by the run that copies them, nor by the next one', async () => {
    configureMysql(sandbox, server, { source: OFF, mysql: { expire_log_days: 7 } });
    expect(await run()).toEqual(SILENT);
    const session = await server.connect();
    await session.query('SET timestamp = UNIX_TIMESTAMP() - 10 * 86400');
    await session.query('FLUSH BINARY LOGS');
    await session.end();
    await write();
    expect(await run()).toEqual(SILENT);
    await write();
    expect(await run()).toEqual(SILENT);
    const names = [1, 2, 3, 4].map((number) => `mysql-bin.00000${number}`);
    expect(objectsIn(sandbox)).toEqual(names.map(object));
    expect(listedBinlogs(sandbox).get(key('mysql-bin.000003'))).toBeLessThan(Date.now() / 1000 - 9 * 86_400);
  });

  it('that are dated in the future stay and are warned of, once', async () => {
    configureMysql(sandbox, server, { source: OFF });
    await run();
    const file = join(sandbox.dir, 'repository', hostname(), 'binlog-status');
    const ahead = Math.floor(Date.now() / 1000) + 365 * 86_400;
    const listed = [...listedBinlogs(sandbox)].map(([name, time_created]) => [name, { time_created }]);
    const entries = { ...Object.fromEntries(listed), [key('mysql-bin.000000')]: { time_created: ahead } };
    writeFileSync(file, encodeEnvelope(entries));
    const { exitCode, stderr } = await run();
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('is dated in the future')]);
    expect(stderr).toContain('kept until that date and expire_log_days have passed. Compare the clock');
    expect(await run()).toEqual(SILENT);
    expect(listedBinlogs(sandbox).get(key('mysql-bin.000000'))).toBe(ahead);
  });

  it('are copied before the server purges them, which it does when a run makes it begin a new log', async () => {
    configureMysql(sandbox, server, { source: OFF });
    await run();
    await write();
    await server.sql('FLUSH BINARY LOGS');
    await write();
    await server.sql('SET GLOBAL binlog_expire_logs_seconds = 604800');
    // It goes by the time of the last change.
    const old = Date.now() / 1000 - 10 * 86_400;
    for (const number of [1, 2]) utimesSync(join(server.binlogDir, `mysql-bin.00000${number}`), old, old);
    const expected = original('mysql-bin.000002');
    // The server purges no log before InnoDB has made its changes durable, which it does in the background.
    await delay(1000);
    try {
      expect(await run()).toEqual(SILENT);
    } finally {
      await server.sql('SET GLOBAL binlog_expire_logs_seconds = 0');
    }
    expect(existsSync(join(server.binlogDir, 'mysql-bin.000002'))).toBe(false);
    expect(stored('mysql-bin.000002').equals(expected)).toBe(true);
    expect(objectsIn(sandbox)).toEqual([1, 2, 3].map((number) => object(`mysql-bin.00000${number}`)));
  });

  it('that were removed by hand are a gap: a warning with the remedy, once, and the others are copied', async () => {
    configureMysql(sandbox, server, { source: OFF });
    await run();
    for (let count = 0; count < 4; count += 1) await server.sql('FLUSH BINARY LOGS');
    rmSync(join(server.binlogDir, 'mysql-bin.000002'));
    writeFileSync(join(server.binlogDir, 'mysql-bin.000004'), '');
    const gaps = await run();
    expect(gaps).toMatchObject({ exitCode: 0, stdout: '' });
    expect(gaps.stderr.match(/WARNING: The server still lists \S+/g)).toEqual([
      'WARNING: The server still lists mysql-bin.000002,',
      'WARNING: The server still lists mysql-bin.000004,',
    ]);
    expect(objectsIn(sandbox)).toEqual([1, 3, 5, 6].map((number) => object(`mysql-bin.00000${number}`)));
    expect(binlogEntries(sandbox)).toMatchObject({
      [key('mysql-bin.000003')]: { gap_after: 'mysql-bin.000001' },
      [key('mysql-bin.000005')]: { gap_after: 'mysql-bin.000003' },
      [key('mysql-bin.000006')]: { gap_after: null },
    });
    expect(await run()).toEqual(SILENT);
    // The statement of the message.
    const [statement = ''] = /PURGE BINARY LOGS TO '[^']+'/.exec(gaps.stderr) ?? [];
    await server.sql(statement);
    const [first] = await server.sql<{ Log_name: string }>('SHOW BINARY LOGS');
    expect(first?.Log_name).toBe('mysql-bin.000003');
    expect(await run()).toEqual(SILENT);
  });

  it('are not missed after a failure: the next run goes on where the last one ended', async () => {
    configureMysql(sandbox, server, { source: OFF });
    await server.sql('FLUSH BINARY LOGS');
    await server.sql('FLUSH BINARY LOGS');
    const damaged = join(server.binlogDir, 'mysql-bin.000002');
    const bytes = readFileSync(damaged);
    writeFileSync(damaged, Buffer.alloc(bytes.length));
    const failed = await run();
    expect(failed).toMatchObject({ exitCode: 1, stdout: '' });
    expect(failed.stderr).toContain(`ERROR: Cannot back up binary logs: ${damaged} is no binary log`);
    expect(objectsIn(sandbox)).toEqual([object('mysql-bin.000001')]);
    writeFileSync(damaged, bytes);
    expect(await run()).toEqual(SILENT);
    expect(listedBinlogs(sandbox).size).toBe(3);
  });

  it('come from the server where its folder cannot be read', async () => {
    configureMysql(sandbox, server, { source: OFF });
    chmodSync(server.dir, 0o755);
    await write();
    const client = readFileSync(server.defaultsFile);
    configureMysql(sandbox, { defaultsFile: sandbox.file('client.cnf', client) }, { source: OFF });
    chmodSync(server.binlogDir, 0o700);
    const bound = await sandbox.runBound('--debug', 'backup', '--lock-file', `${sandbox.dir}/lock`, 'hourly');
    expect(bound.stderr).toContain('cannot be read here: the server is asked for it');
    expect(bound.exitCode).toBe(0);
    expect(stored('mysql-bin.000001').equals(original('mysql-bin.000001'))).toBe(true);
    const again = await sandbox.runBound('--debug', 'backup', '--lock-file', `${sandbox.dir}/lock`, 'hourly');
    expect(again.exitCode).toBe(0);
    // Of the log that is copied already only the first event is asked for.
    expect(again.stderr).toContain('mysql-bin.000002 cannot be read here');
    expect(again.stderr).not.toContain('mysql-bin.000001 cannot be read here');
    expect(listedBinlogs(sandbox).size).toBe(2);
  });

  it('are refused to an account that is no replica, and the message names the privilege', async () => {
    chmodSync(server.dir, 0o755);
    chmodSync(server.binlogDir, 0o700);
    await write();
    const client = sandbox.file('client.cnf', readFileSync(server.backupDefaultsFile));
    configureMysql(sandbox, { defaultsFile: client }, { source: OFF });
    const lock = ['--lock-file', `${sandbox.dir}/lock`];
    const { exitCode, stderr } = await sandbox.runBound('backup', ...lock, 'hourly');
    expect([exitCode, listedBinlogs(sandbox).size]).toEqual([1, 0]);
    expect(stderr).toContain('Grant the backup user the privilege REPLICATION SLAVE ON *.*');
    await server.sql(`GRANT REPLICATION SLAVE ON *.* TO backup@localhost`);
    expect((await sandbox.runBound('backup', ...lock, 'hourly')).exitCode).toBe(0);
    expect(listedBinlogs(sandbox).size).toBe(2);
    await server.sql(`REVOKE REPLICATION SLAVE ON *.* FROM backup@localhost`);
  });

  it('are not copied when the client program refuses an option, and the message has no value of a secret one', async () => {
    chmodSync(server.dir, 0o755);
    chmodSync(server.binlogDir, 0o700);
    await write();
    const refused = `${readFileSync(server.defaultsFile, 'utf8')}\n[mysqlbinlog]\nfoo_password=GEHEIM\n`;
    configureMysql(sandbox, { defaultsFile: sandbox.file('client.cnf', refused) }, { source: OFF });
    const lock = ['--lock-file', `${sandbox.dir}/lock`];
    const { exitCode, stderr } = await sandbox.runBound('--debug', 'backup', ...lock, 'hourly');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('foo_password=…')]);
    expect(stderr).not.toContain('GEHEIM');
  });

  it('tell their time although the client program does not print their first event', async () => {
    const options = { log: createLog('error', () => undefined), signal: new AbortController().signal };
    await using connected = await connectMysql(server, options.log);
    const [real] = connected.flavour.binlogPrograms;
    const program = sandbox.file('mute', `#!/bin/sh\ncase "$*" in *--raw*) exec ${real} "$@";; esac\n`);
    chmodSync(program, 0o755);
    const [closed] = (await closeBinlogs(connected)) ?? [];
    if (closed === undefined) throw new Error('There is no closed log');
    const elsewhere = { ...connected, variable: async () => 'another host' };
    const mute = { ...elsewhere, flavour: { ...connected.flavour, binlogPrograms: [program] as const } };
    // As before MariaDB 10.4, where only the second name is there.
    const older = { ...connected.flavour, binlogPrograms: ['not-installed', real] as const };
    for (const each of [elsewhere, mute, { ...elsewhere, flavour: older }]) {
      const time = await readTimeCreated(closed, each, options);
      expect(time).toBe(original(closed.name).readUInt32LE(4));
    }
  });

  it('are no matter without a defaults file when backup_mysql is off, which --debug says', async () => {
    configureMysql(sandbox, { defaultsFile: join(sandbox.dir, 'none.cnf') }, { source: OFF });
    expect(await run()).toEqual(SILENT);
    expect((await run('--debug')).stderr).toContain('none.cnf is absent: no binary logs to copy');
  });
});

describe('what is in a binary log', () => {
  const stateOf = isMysql ? '@@GLOBAL.gtid_executed' : '@@GLOBAL.gtid_binlog_state';
  const state = async (): Promise<string> => {
    const [row] = await server.sql<{ state: string }>(`SELECT ${stateOf} AS state`);
    return (row?.state ?? '').replaceAll('\n', '');
  };
  const entry = (number: number) => binlogEntries(sandbox)[key(`mysql-bin.00000${number}`)];

  it('is in its entry: the next log begins with the GTIDs that it ends with', async () => {
    configureMysql(sandbox, server, { source: OFF });
    const start = Math.floor(Date.now() / 1000);
    await write();
    await write();
    const first = await state();
    expect(await run()).toEqual(SILENT);
    await write();
    const second = await state();
    expect(await run()).toEqual(SILENT);
    const about = { server_id: server.port, ended_cleanly: true };
    expect(entry(1)).toMatchObject({
      ...about,
      gtid_start: '',
      gtid_end: first,
      next_binlog: 'mysql-bin.000002',
    });
    expect(entry(2)).toMatchObject({
      ...about,
      gtid_start: first,
      gtid_end: second,
      next_binlog: 'mysql-bin.000003',
    });
    for (const number of [1, 2]) {
      const { first_time, last_time } = entry(number) as { first_time: number; last_time: number };
      expect(first_time).toBeGreaterThanOrEqual(start);
      expect(last_time).toBeGreaterThanOrEqual(first_time);
      expect(last_time).toBeLessThanOrEqual(Date.now() / 1000);
    }
  });

  it('is there without checksums, and after a shutdown and a crash', async () => {
    configureMysql(sandbox, server, { source: OFF });
    await server.sql('SET GLOBAL binlog_checksum = NONE');
    await write();
    const before = await state();
    await server.stop();
    await server.start();
    await write();
    await server.kill();
    await server.start();
    expect(await run()).toEqual(SILENT);
    const [stopped, killed] = [2, 3].map(entry);
    expect(stopped).toMatchObject({ gtid_end: before, next_binlog: null, ended_cleanly: true });
    expect(killed).toMatchObject({ gtid_start: before, next_binlog: null, ended_cleanly: false });
    expect(entry(4)).toMatchObject({ gtid_start: killed?.['gtid_end'] });
  });

  it('is found by check --adopt too', async () => {
    configureMysql(sandbox, server, { source: OFF });
    await write();
    await run();
    const recorded = entry(1);
    for (const name of ['binlog-status', 'binlog-status.copy']) {
      rmSync(join(sandbox.dir, 'repository', hostname(), name));
    }
    await sandbox.run('check', '--adopt', '--lock-file', `${sandbox.dir}/lock`);
    const { mac: _mac, ...others } = recorded ?? {};
    expect(entry(1)).toEqual({ ...others, server_identity: null, machine_id: null, server: null });
  });

  it('is left out where the log cannot be read, which is copied all the same, with a warning once', async () => {
    configureMysql(sandbox, server, { source: OFF });
    for (let count = 0; count < 2; count += 1) await server.sql('FLUSH BINARY LOGS');
    for (const name of ['mysql-bin.000001', 'mysql-bin.000002']) {
      const bytes = original(name);
      // The length of the second event.
      bytes.writeUInt32LE(3, 4 + bytes.readUInt32LE(13) + 9);
      writeFileSync(join(server.binlogDir, name), bytes);
    }
    const { exitCode, stderr } = await run();
    expect(exitCode).toBe(0);
    expect(stderr.match(/WARNING: .*/g)).toEqual([
      expect.stringContaining('The contents of binary logs could not be read (an event of type'),
    ]);
    expect(stored('mysql-bin.000001')).toEqual(original('mysql-bin.000001'));
    expect(entry(1)).not.toHaveProperty('server_id');
    expect(entry(3)).toHaveProperty('server_id');
    expect(await run()).toEqual(SILENT);
  });

  it.skipIf(isMysql)('is left out where the server encrypts it, in silence', async () => {
    const keys = sandbox.file('keys', `1;${'ab'.repeat(32)}\n`);
    chmodSync(keys, 0o644);
    chmodSync(sandbox.dir, 0o755);
    await using encrypted = await startMariadb({
      lines: [
        'plugin_load_add = file_key_management',
        `file_key_management_filename = ${keys}`,
        'encrypt_binlog',
      ],
    });
    configureMysql(sandbox, encrypted, { source: OFF });
    expect(await run()).toEqual(SILENT);
    expect(entry(1)).not.toHaveProperty('server_id');
    expect(listedBinlogs(sandbox).size).toBe(1);
  });
});

describe('a server whose logs have a name with a dash in front and an apostrophe', () => {
  it('is backed up like others, and its gaps are named', async () => {
    await using odd = await startMariadb({ lines: ["log_bin = -it's"] });
    configureMysql(sandbox, odd, { source: OFF });
    for (let count = 0; count < 3; count += 1) await odd.sql('FLUSH BINARY LOGS');
    expect(await run()).toEqual(SILENT);
    const names = [1, 2, 3, 4].map((number) => `-it's.00000${number}`);
    expect(objectsIn(sandbox)).toEqual(names.map(object));
    for (const name of names) {
      const bytes = readFileSync(join(odd.datadir, name));
      expect(stored(name).equals(bytes)).toBe(true);
    }
    await odd.sql('FLUSH BINARY LOGS');
    await odd.sql('FLUSH BINARY LOGS');
    rmSync(join(odd.datadir, "-it's.000005"));
    expect((await run()).stderr).toContain("PURGE BINARY LOGS TO '-it''s.000006'");
    const restored = join(sandbox.dir, 'restored');
    const restore = await sandbox.run('restore', 'binlog', key("-it's.000006"), '--dst', restored);
    expect(restore.exitCode).toBe(0);
    expect(readFileSync(join(restored, "-it's.000006"))).toEqual(
      readFileSync(join(odd.datadir, "-it's.000006")),
    );
  });
});

describe('a server without binary logs', () => {
  it('is backed up in silence', async () => {
    await using plain = await startMariadb({ lines: ['skip_log_bin'] });
    // XtraBackup is in no Debian suite.
    const [version] = await plain.sql<{ series: string }>(
      "SELECT SUBSTRING_INDEX(@@version, '.', 2) AS series",
    );
    const mysql = isMysql ? installXtrabackup(sandbox, version?.series ?? '').options : {};
    configureMysql(sandbox, plain, { mysql });
    expect(await run()).toEqual(SILENT);
    expect(objectsIn(sandbox)).toHaveLength(1);
    rmSync(join(sandbox.dir, 'repository'), { recursive: true });
  });
});
