import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { configureLocal, SILENT } from '../fixtures/backup-run.ts';
import { adopt, checkCopies, layOut, PYTHON_REPOSITORY } from '../fixtures/check-run.ts';
import { readMysqlStatus } from '../fixtures/independent-status-reader.ts';
import { makeStream } from '../fixtures/xbstream.ts';
import { useLab } from '../lab/lab.ts';

const lab = useLab();
const golden = process.env['TWINDB_GOLDEN'] ?? '';

let sandbox: Sandbox;
let repository: string;
beforeEach(() => {
  sandbox = createSandbox();
  repository = join(sandbox.dir, 'repository');
  configureLocal(sandbox, []);
});
afterEach(() => sandbox[Symbol.dispose]());

describe('check --adopt of an encrypted copy', () => {
  const encrypted = 'db7/daily/files/_srv_src_site-2020-01-01_02_00_00.tar.gz.gpg';
  beforeEach(() => {
    const source = readFileSync(
      join(PYTHON_REPOSITORY, 'web1/daily/files/_srv_src_site-2020-01-01_02_00_00.tar.gz'),
    );
    const keys = ['--no-default-keyring', '--keyring', lab.gpg.keyring, '--trust-model', 'always'];
    const args = ['--batch', '--no-tty', ...keys, '--recipient', lab.gpg.recipient, '--encrypt'];
    sandbox.file(join('repository', encrypted), execFileSync('gpg', args, { input: source, stdio: 'pipe' }));
  });

  it('looks into it where the key is', async () => {
    configureLocal(sandbox, [], {
      gpg: { recipient: lab.gpg.recipient, secret_keyring: lab.gpg.secretKeyring },
    });
    expect((await adopt(sandbox, 'db7')).exitCode).toBe(0);
    expect(await sandbox.run('check', '--read')).toEqual(SILENT);
  });

  it('does not enter it where the key is not, and says so', async () => {
    const home = { HOME: dirname(sandbox.file('home/.profile', '')) };
    const args = ['check', '--adopt', '--hostname', 'db7', '--lock-file', join(sandbox.dir, 'lock')];
    const { exitCode, stderr } = await sandbox.start(args, home).result;
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining('The secret key it was encrypted for is not in'),
    ]);
    expect((await checkCopies(sandbox)).map(({ state }) => state)).toEqual(['unreadable']);
  });
});

describe('check --adopt of incremental copies', () => {
  const put = (runType: string, time: string, lsn: { from: number; to: number }): string => {
    const key = `db3/${runType}/mysql/mysql-2026-01-${time}_00_00.xbstream.gz`;
    sandbox.file(join('repository', key), gzipSync(makeStream(lsn)));
    return key;
  };

  it('finds the full copy that ends where they begin: of the nearest run type the newest before them', async () => {
    const full = { from: 0, to: 100 };
    put('weekly', '04_01', full);
    put('daily', '02_01', full);
    const parent = put('daily', '03_01', full);
    put('daily', '04_02', { from: 0, to: 200 });
    put('hourly', '06_00', full);
    const incremental = put('hourly', '05_00', { from: 100, to: 150 });
    const orphan = put('hourly', '05_01', { from: 99, to: 150 });
    const { exitCode, stderr } = await adopt(sandbox, 'db3');
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      `ERROR: ${join(repository, orphan)} is whole, and cannot be entered in the status: it is incremental and begins at LSN 99, where no full copy in the status ends\n`,
    );
    const entries = readMysqlStatus(readFileSync(join(repository, 'db3/status'), 'utf8'));
    expect(entries).toHaveLength(6);
    expect(entries.find(({ key }) => key === incremental)).toMatchObject({
      type: 'incremental',
      parent,
      lsn: 150,
    });
  });
});

describe('check --adopt of copies whose full one is not at hand', () => {
  const full = 'db3/daily/mysql/mysql-2026-01-02_00_00_00.xbstream';
  const incremental = 'db3/hourly/mysql/mysql-2026-01-02_01_00_00.xbstream';

  it('does not enter an incremental copy when the object of the full one is gone, though the status lists it', async () => {
    sandbox.file(join('repository', full), makeStream({ from: 0, to: 100 }));
    expect((await adopt(sandbox, 'db3')).exitCode).toBe(0);
    rmSync(join(repository, full));
    sandbox.file(join('repository', incremental), makeStream({ from: 100, to: 150 }));
    const { exitCode, stderr } = await adopt(sandbox, 'db3', incremental);
    const reason = `it continues ${full}, which is gone`;
    expect([exitCode, stderr]).toEqual([
      1,
      `ERROR: ${join(repository, incremental)} is whole, and cannot be entered in the status: ${reason}\n`,
    ]);
  });

  it('does not call those in keep_local_path damaged when the status on the destination is', async () => {
    const kept = join(sandbox.dir, 'kept');
    configureLocal(sandbox, [], { destination: { keep_local_path: kept } });
    sandbox.file(join('kept', full), makeStream({ from: 0, to: 100 }));
    sandbox.file(join('kept', incremental), makeStream({ from: 100, to: 150 }));
    for (const name of ['status', 'status.copy']) sandbox.file(join('repository/db3', name), 'no status');
    const states = (await checkCopies(sandbox, '--type', 'mysql')).map(({ key, state }) => [key, state]);
    expect(states).toEqual([
      [full, 'unlisted'],
      [incremental, 'unfit'],
    ]);
  });
});

describe.skipIf(golden === '')("check --adopt when the status of the Python tool's copies is lost", () => {
  const FULL = 'db1/daily/mysql/mysql-2026-11-22_05_57_10.xbstream.gz';
  const INCREMENTAL = 'db1/hourly/mysql/mysql-2026-11-22_05_57_17.xbstream.gz';
  const LOG = 'db1/binlog/mysql-bin.000002.gz';
  let lost: string;
  beforeEach(() => {
    layOut(sandbox, join(golden, 'repository'), 'db1');
    lost = readFileSync(join(repository, 'db1/status'), 'utf8');
    for (const name of ['status', 'binlog-status']) rmSync(join(repository, 'db1', name));
  });

  it('finds type, parent, LSN and time again, and the copies can be restored by them', async () => {
    expect((await adopt(sandbox, 'db1')).exitCode).toBe(0);
    const times = ({
      backupFinished: _finished,
      config: _config,
      ...entry
    }: ReturnType<typeof readMysqlStatus>[number]) => entry;
    const found = readMysqlStatus(readFileSync(join(repository, 'db1/status'), 'utf8')).map(times);
    expect(found).toEqual(readMysqlStatus(lost).map(times));
    const verified = await sandbox.run('verify', 'mysql', 'latest', '--hostname', 'db1');
    expect(verified.exitCode).toBe(0);
    expect(verified.stderr).toMatch(/^WARNING: \S+ is not signed, and there is no key \S+ here.*\n$/);
    expect(JSON.parse(verified.stdout)).toMatchObject({
      backup_copy: INCREMENTAL,
      location: join(repository, INCREMENTAL),
    });
    expect(await sandbox.run('check', '--read')).toEqual(SILENT);
  });

  it('tells of an incremental copy in the status whose full one the Python tool has removed', async () => {
    writeFileSync(join(repository, 'db1/status'), lost);
    rmSync(join(repository, FULL));
    const { exitCode, stderr } = await sandbox.run('check', '--type', 'mysql', INCREMENTAL);
    const why = `it continues ${FULL}, which is gone`;
    expect([exitCode, stderr]).toEqual([
      1,
      `ERROR: ${join(repository, INCREMENTAL)} cannot be restored: ${why}\n`,
    ]);
  });

  it('does not enter an incremental copy whose full one is gone, and names the LSN', async () => {
    rmSync(join(repository, FULL));
    const result = await adopt(sandbox, 'db1', '--type', 'mysql');
    expect(result).toMatchObject({ exitCode: 1, stdout: '' });
    expect(result.stderr).toMatch(
      /is whole, and cannot be entered in the status: it is incremental and begins at LSN \d+/,
    );
  });

  it('does not enter streams and logs that were cut short behind a gzip that was not', async () => {
    const cut = (key: string, bytes: number) => {
      const file = join(repository, key);
      writeFileSync(file, gzipSync(gunzipSync(readFileSync(file)).subarray(0, -bytes)));
    };
    cut(LOG, 7);
    cut(FULL, 1);
    // Behind the end of a file in it, where mbstream takes it for whole.
    const stream = gunzipSync(readFileSync(join(repository, INCREMENTAL)));
    const lastFile = stream.lastIndexOf('XBSTCK01\0P');
    cut(INCREMENTAL, stream.length - lastFile);
    const result = await adopt(sandbox, 'db1');
    expect(result.exitCode).toBe(1);
    expect(result.stderr.match(/^ERROR: /gm)).toHaveLength(3);
    for (const key of [LOG, FULL, INCREMENTAL])
      expect(result.stderr).toMatch(new RegExp(`${key} is damaged, or cannot be read here: .*cut short`));
  });
});
