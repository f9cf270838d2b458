import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/read-config.ts';
import { mysqlCopyKey } from '../../src/copies/key.ts';
import type { Destination } from '../../src/destinations/destination.ts';
import { openDestination } from '../../src/destinations/drivers.ts';
import { createSandbox, destinationSections, type Sandbox } from '../e2e/cli.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { checkCopies, layOut, linesOf, PYTHON_REPOSITORY } from '../fixtures/check-run.ts';
import { readBinlogStatus, readMysqlStatus } from '../fixtures/independent-status-reader.ts';
import { backUp, configureMysql, listedBinlogs, listedMysql, statusOf } from '../fixtures/mysql-run.ts';
import { saveBinlogStatus, saveMysqlStatus } from '../fixtures/python-tool.ts';
import { useLab } from '../lab/lab.ts';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';
import { keepLog, labConfig, observe } from './s3-lab.ts';

const lab = useLab();
const host = hostname();
const TIME = String.raw`\d{4}-\d\d-\d\d_\d\d_\d\d_\d\d`;

let server: MariadbServer;
let sandbox: Sandbox;
beforeAll(async () => {
  server = await startMariadb();
  await server.sql('CREATE DATABASE shop');
  await server.sql('CREATE TABLE shop.t (id INT PRIMARY KEY AUTO_INCREMENT, v TEXT) ENGINE=InnoDB');
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  sandbox = createSandbox();
  sandbox.file('site/file', 'content');
  await server.sql('RESET MASTER');
});
afterEach(() => sandbox[Symbol.dispose]());

const source = () => join(sandbox.dir, 'site');

/** A bucket of its own: the status lies under this host's name, as that of other tests does. */
async function makeBucket(): Promise<string> {
  const bucket = `interchange-${process.pid}-${Date.now()}`;
  const client = observe(labConfig());
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  return bucket;
}

describe.each(['local', 'ssh', 's3'] as const)('what a run leaves on %s', (kind) => {
  it('is what the Python tool looks for, and check --adopt finds the statuses again when they are lost', async () => {
    const place = destinationSections(kind, sandbox, lab);
    configureMysql(sandbox, server, {
      source: { backup_dirs: source() },
      ...place,
      ...(kind === 's3' ? { s3: { ...place['s3'], BUCKET: await makeBucket() } } : {}),
    });
    for (const runType of ['daily', 'hourly']) {
      await server.sql('INSERT INTO shop.t (v) VALUES (?)', [runType]);
      expect(await backUp(sandbox, runType)).toEqual(SILENT);
    }
    const { destination: config } = readConfig(sandbox.config, () => undefined);
    await using destination: Destination = await openDestination(config, keepLog());
    const read = (key: string) => buffer(destination.read(key));
    const readText = async (name: string) => (await read(`${host}/${name}`)).toString('utf8');
    const keys: string[] = [];
    for await (const { key } of destination.list(`${host}/`)) keys.push(key.slice(host.length + 1));

    const files = keys.filter((key) => key.includes('/files/'));
    const mysql = keys.filter((key) => key.includes('/mysql/'));
    const logs = keys.filter((key) => key.startsWith('binlog/'));
    const sanitized = source().replaceAll('/', '_');
    for (const [copies, name] of [
      [files, `${sanitized}-${TIME}\\.tar\\.gz`],
      [mysql, String.raw`mysql-${TIME}\.xbstream\.gz`],
    ] as const) {
      expect(copies).toHaveLength(2);
      for (const copy of copies) expect(copy).toMatch(new RegExp(`^(hourly|daily)/[a-z]+/${name}$`));
    }
    expect(logs.length).toBeGreaterThan(0);
    for (const log of logs) expect(log).toMatch(/^binlog\/mysql-bin\.\d{6}\.gz$/);
    const statuses = ['binlog-status', 'files-status', 'status'].flatMap((name) => [name, `${name}.copy`]);
    expect(keys.toSorted()).toEqual([...files, ...mysql, ...logs, ...statuses].toSorted());

    const entries = readMysqlStatus(await readText('status'));
    expect(entries.map(({ key }) => key).toSorted()).toEqual(mysql.map((key) => `${host}/${key}`).toSorted());
    const full = entries.find(({ type }) => type === 'full');
    expect(entries.find(({ type }) => type === 'incremental')).toMatchObject({
      runType: 'hourly',
      parent: full?.key,
    });
    expect(full).toMatchObject({ runType: 'daily', vendor: 'mariadb' });
    const times = readBinlogStatus(await readText('binlog-status'));
    expect(times.map(([key]) => `${key}.gz`).toSorted()).toEqual(
      logs.map((key) => `${host}/${key}`).toSorted(),
    );

    // As the Python tool restores: gunzip, and the program for the stream.
    const unpack = async (key: string | undefined) => gunzipSync(await read(`${host}/${key}`));
    const members = execFileSync('tar', ['-t'], { input: await unpack(files[0]) }).toString();
    expect(members).toBe(`${source().slice(1)}/\n${source().slice(1)}/file\n`);
    for (const [index, key] of mysql.entries()) {
      const dir = join(sandbox.dir, `stream${index}`);
      mkdirSync(dir);
      execFileSync('mbstream', ['-x', '-C', dir], { input: await unpack(key) });
      const checkpoints = readFileSync(join(dir, 'xtrabackup_checkpoints'), 'utf8');
      const { lsn } = entries.find((each) => each.key === `${host}/${key}`) ?? {};
      expect(checkpoints).toMatch(new RegExp(`^to_lsn = ${lsn}$`, 'm'));
    }
    for (const key of logs) expect((await unpack(key)).subarray(0, 4).toString('hex')).toBe('fe62696e');

    for (const name of statuses) await destination.delete(`${host}/${name}`);
    const adopted = await sandbox.run(
      'check',
      '--adopt',
      '--accept-unauthenticated',
      '--lock-file',
      join(sandbox.dir, 'lock'),
    );
    expect([adopted.exitCode, adopted.stderr]).toEqual([0, '']);
    expect(linesOf(adopted)).toHaveLength(files.length + mysql.length + logs.length);
    // The server's configuration stood in the status only; a name tells seconds, and the end comes later.
    const essence = ({ key, type, parent, lsn, backupStarted, vendor }: (typeof entries)[number]) => [
      key,
      type,
      parent,
      lsn,
      backupStarted,
      vendor,
    ];
    expect(readMysqlStatus(await readText('status')).map(essence)).toEqual(entries.map(essence));
    expect(readBinlogStatus(await readText('binlog-status'))).toEqual(times);
    expect(await sandbox.run('check', '--read')).toEqual(SILENT);
  });
});

describe('a repository that the Python tool and ours write in turn', () => {
  const read = (name: string) => readFileSync(join(sandbox.dir, 'repository', host, name), 'utf8');
  const write = (name: string, content: string | Buffer) =>
    writeFileSync(join(sandbox.dir, 'repository', host, name), content);

  it('keeps the copies of both, whoever saves; what the Python tool makes beside ours is not signed, and nothing continues it', async () => {
    layOut(sandbox, PYTHON_REPOSITORY, 'web1', host);
    const { status } = JSON.parse(read('status')) as { status: string };
    // In the older form, which the first write of ours replaces.
    const encode = (content: string) => Buffer.from(content).toString('base64');
    write('status', encode(Buffer.from(status, 'base64').toString().replaceAll('web1', host)));
    await server.sql('FLUSH BINARY LOGS');
    const log = readFileSync(join(server.binlogDir, 'mysql-bin.000001'));
    write('binlog/mysql-bin.000001.gz', gzipSync(log));
    // The first event begins behind four bytes, and with its time.
    const time_created = log.readUInt32LE(4);
    write('binlog-status', encode(JSON.stringify({ [`${host}/binlog/mysql-bin.000001`]: { time_created } })));
    const retention = { hourly_copies: 2, daily_copies: 2 };
    configureMysql(sandbox, server, {
      source: { backup_dirs: source() },
      retention,
      mysql: { expire_log_days: 9999 },
    });
    const old = listedMysql(sandbox).map(({ key }) => key);
    const oldFiles = (await checkCopies(sandbox, '--type', 'files')).map(({ key }) => key);
    expect([old.length, oldFiles.length, listedBinlogs(sandbox).size]).toEqual([1, 2, 1]);

    const first = await backUp(sandbox, 'daily');
    expect(first.exitCode).toBe(0);
    // The copy of MySQL and the log.
    expect(first.stderr).toContain('signed the 2 that were there');
    expect(first.stderr).toContain('files-status lists nothing, and copies of type files are there');
    expect(first.stderr.match(/WARNING/g)).toHaveLength(2);
    const ours = listedMysql(sandbox).find(({ key }) => !old.includes(key));
    expect(listedMysql(sandbox)).toHaveLength(2);
    expect([...listedBinlogs(sandbox).keys()]).toContain(`${host}/binlog/mysql-bin.000001`);

    // The Python tool: a copy of its own, and a save.
    const later = new Date(Date.now() + 60_000);
    const key = `${mysqlCopyKey(host, 'daily', later)}.gz`;
    const lsn = ours?.lsn ?? 0;
    const started = Math.floor(later.getTime() / 1000);
    const times = { backup_started: started, backup_finished: started };
    const entry = { type: 'full', lsn, config: [], server_vendor: 'mariadb', ...times };
    sandbox.file(join('repository', key), readFileSync(join(sandbox.dir, 'repository', ours?.key ?? '')));
    write('status', saveMysqlStatus(read('status'), { runType: 'daily', key, entry }));
    write('binlog-status', saveBinlogStatus(read('binlog-status')));
    const logs = listedBinlogs(sandbox);

    // What it does not know of ours is there again, and nothing of ours or its own is missing.
    const check = await checkCopies(sandbox, '--hostname', host, '--type', 'mysql');
    expect(check.filter(({ state }) => state !== 'listed')).toMatchObject([{ key, state: 'unsigned' }]);
    expect(check).toHaveLength(3);
    await server.sql('INSERT INTO shop.t (v) VALUES (1)');
    const hourly = await backUp(sandbox, 'hourly');
    expect([hourly.exitCode, hourly.stderr]).toEqual([
      0,
      expect.stringContaining(`the full copy ${key} is not what this machine has signed`),
    ]);
    expect(statusOf(sandbox, ours?.key ?? '')).toMatchObject({
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    const entries = listedMysql(sandbox);
    expect(entries.map((each) => [each.runType, each.type, each.parent])).toEqual([
      ['hourly', 'full', null],
      ...entries.slice(1).map(() => ['daily', 'full', null]),
    ]);
    // Each closed log once.
    const closed = [...listedBinlogs(sandbox).keys()];
    expect(closed).toEqual(expect.arrayContaining([...logs.keys()]));
    expect(closed).toHaveLength(logs.size + 1);

    // Its own retention goes on where ours was: the oldest copy is gone from both.
    expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
    const left = listedMysql(sandbox).map((each) => each.key);
    expect(left).not.toContain(old[0]);
    expect(left).toContain(key);
    const states = await checkCopies(sandbox, '--hostname', host);
    expect(states.filter(({ state }) => state === 'missing' || state === 'unreadable')).toEqual([]);
    // Copies of directories that the Python tool made stay, as nothing has adopted them.
    expect(states.map((each) => each.key)).toEqual(expect.arrayContaining(oldFiles));
  });
});
