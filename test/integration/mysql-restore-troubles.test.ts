import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MYSQL } from '../../src/kinds/mysql.ts';
import { formatBytes } from '../../src/units.ts';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { mountSmallDisk } from '../e2e/small-disk.ts';
import { configureLocal } from '../fixtures/backup-run.ts';
import { pidOf } from '../fixtures/fake-programs.ts';
import { changeStatus, damage, encryptMysqlCopy, makeMysqlCopy, truncate } from '../fixtures/mysql-copies.ts';
import { adopt, type MysqlHistory, makeHistory } from '../fixtures/mysql-history.ts';
import { useLab } from '../lab/lab.ts';

const { gpg } = useLab();

let history: MysqlHistory;
beforeAll(async () => {
  history = await makeHistory(gpg);
});
afterAll(() => history[Symbol.asyncDispose]());

let sandbox: Sandbox;
let dst: string;
let repository: string;
beforeEach(() => {
  sandbox = createSandbox();
  dst = join(sandbox.dir, 'restored');
  repository = adopt(sandbox, history.plain);
});
afterEach(() => sandbox[Symbol.dispose]());

/** Expects exit code 1, nothing on stdout, an empty folder; returns the message. */
const fail = async (copy: string, ...options: string[]) => {
  const { exitCode, stdout, stderr } = await sandbox.run('restore', 'mysql', copy, '--dst', dst, ...options);
  expect([exitCode, stdout]).toEqual([1, '']);
  expect(existsSync(dst) ? readdirSync(dst) : []).toEqual([]);
  expect(stderr).not.toMatch(/\bat .*\.(js|ts):\d+/);
  return stderr;
};

/** Makes the entry of the incremental copy say something else. */
const changeIncremental = (change: object) =>
  changeStatus(repository, 'db1', (status) => ({
    ...status,
    hourly: { [history.incremental.key]: { ...MYSQL.attributes(history.incremental), ...change } },
  }));

describe('a copy that is not what the status says', () => {
  it('is refused when bytes have changed, in the full copy or in the incremental one', async () => {
    damage(join(repository, history.incremental.key));
    expect(await fail(history.incremental.key)).toContain(`${history.incremental.key}: the copy is damaged`);
    damage(join(repository, history.full.key));
    expect(await fail(history.incremental.key)).toContain(`${history.full.key}: the copy is damaged`);
  });

  it('is refused when it is cut short', async () => {
    truncate(join(repository, history.full.key));
    expect(await fail(history.full.key)).toMatch(
      /the copy is damaged: it has \d+ bytes, the status says \d+/,
    );
  });

  it('is refused when it is cut short and no status knows its size', async () => {
    truncate(join(repository, history.full.key));
    rmSync(join(repository, 'db1/status'));
    expect(await fail(history.full.key)).toContain(`${history.full.key}: the copy is damaged`);
  });

  it('is refused when it is damaged below the compression, and no status knows its checksum', async () => {
    const file = join(repository, history.full.key);
    writeFileSync(file, gunzipSync(readFileSync(file)));
    damage(file);
    writeFileSync(file, gzipSync(readFileSync(file)));
    rmSync(join(repository, 'db1/status'));
    expect(await fail(history.full.key)).toMatch(
      /the copy is damaged: the stream in it is damaged|the checksum of a part of .* does not match/,
    );
  });

  it('is refused when its stream is empty', async () => {
    rmSync(join(repository, 'db1/status'));
    writeFileSync(join(repository, history.full.key), gzipSync(''));
    expect(await fail(history.full.key)).toContain('the copy is damaged: the stream in it is empty');
  });
});

describe('an incremental copy', () => {
  it('whose full copy is gone is refused, and both are named', async () => {
    rmSync(join(repository, history.full.key));
    const message = await fail(history.incremental.key);
    expect(message).toContain(`Cannot restore ${history.incremental.key}: it continues ${history.full.key}`);
    expect(message).toContain('twindb-backup ls shows them');
  });

  it('whose status names no parent is refused, though a full copy is there', async () => {
    changeIncremental({ parent: null });
    expect(await fail(history.incremental.key)).toContain('does not name a parent');
  });

  it('that no status lists, as a run was killed, is restored once check --adopt has added it, as all say', async () => {
    const started = new Date(2026, 0, 1, 0, 0, 1).getTime() / 1000;
    const times = { backup_started: started, backup_finished: started };
    changeStatus(repository, 'db1', (status) => ({
      ...status,
      daily: { [history.full.key]: { ...MYSQL.attributes(history.full), ...times } },
      hourly: {},
    }));
    const message = await fail(history.incremental.key);
    expect(message).toContain('no status names the full one');
    expect(message).toContain('twindb-backup check --adopt');
    const checked = await sandbox.run('check', '--type', 'mysql');
    expect([checked.stderr, checked.stdout]).toEqual([
      '',
      `${join(repository, history.incremental.key)}: not in the status, whole: it is incremental, and can be restored only after twindb-backup check --adopt has added it\n`,
    ]);
    const lock = join(sandbox.dir, 'lock');
    const adopted = await sandbox.run('check', '--adopt', '--hostname', 'db1', '--lock-file', lock);
    expect([adopted.exitCode, adopted.stderr]).toEqual([0, '']);
    const again = await sandbox.run(
      'restore',
      'mysql',
      history.incremental.key,
      '--dst',
      join(sandbox.dir, 'again'),
    );
    expect(again.exitCode).toBe(0);
    expect(again.stderr).toMatch(/^WARNING: \S+ is not signed: it is of another host.*\n$/);
  });

  it('is refused before anything is prepared when its parent is another one', async () => {
    const other = 'db1/daily/mysql/mysql-2025-12-31_00_00_01.xbstream';
    const { key } = await makeMysqlCopy(history.server, { repository, key: other });
    changeIncremental({ parent: key });
    const message = await fail(history.incremental.key);
    expect(message).toContain(`${history.incremental.key}: it begins at LSN ${history.full.lsn}`);
    expect(message).toContain(`its parent ${key} ends at LSN`);
  });
});

describe('a restore that cannot go on', () => {
  it('says which secret key is missing', async () => {
    rmSync(repository, { recursive: true });
    adopt(sandbox, history.secret, {
      gpg: { recipient: gpg.recipient, secret_keyring: sandbox.file('none', '') },
    });
    const home = mkdtempSync('/tmp/twindb-home-');
    const { exitCode, stderr } = await sandbox.start(
      ['restore', 'mysql', history.encrypted.full.key, '--dst', dst],
      { HOME: home },
    ).result;
    rmSync(home, { recursive: true });
    expect([exitCode, readdirSync(dst)]).toEqual([1, []]);
    expect(stderr).toContain('The secret key it was encrypted for is not in');
  });

  it('says so when the copy was encrypted for another key than the one in the secret keyring', async () => {
    const { keyring, otherRecipient, recipient, secretKeyring } = gpg;
    const others = { keyring, recipient: otherRecipient };
    // Nor may it be there unencrypted.
    rmSync(repository, { recursive: true });
    const { key } = encryptMysqlCopy(history.full, { from: history.plain, to: repository, gpg: others });
    configureLocal(sandbox, [], { gpg: { recipient, secret_keyring: secretKeyring } });
    expect(await fail(key)).toContain(`The secret key it was encrypted for is not in ${secretKeyring}`);
  });

  it('is refused at once when the disk has less room than the status says that both copies need', async ({
    skip,
  }) => {
    const disk = mountSmallDisk(dst, 8 << 20);
    if (disk === undefined) return skip('mounting is not allowed here');
    using _disk = disk;
    const bytes = (history.full.unpackedSize ?? 0) + (history.incremental.unpackedSize ?? 0);
    expect(await fail(history.incremental.key)).toContain(
      `not enough space in ${dst}: the copy needs ${formatBytes(bytes)}`,
    );
  });

  it('leaves an empty folder when the disk fills up on the way', async ({ skip }) => {
    rmSync(join(repository, 'db1/status'));
    const disk = mountSmallDisk(dst, 8 << 20);
    if (disk === undefined) return skip('mounting is not allowed here');
    using _disk = disk;
    const message = await fail(history.full.key);
    expect(message).toContain(`WARNING: The space in ${dst} may not be enough`);
    expect(message).toContain('Make room there');
  });

  it('goes on when it is only the cache that cannot be filled', async ({ skip }) => {
    const cache = join(sandbox.dir, 'cache');
    const disk = mountSmallDisk(cache, 4 << 20);
    if (disk === undefined) return skip('mounting is not allowed here');
    using _disk = disk;
    const options = ['--dst', dst, '--cache', cache];
    const { exitCode, stderr } = await sandbox.run('restore', 'mysql', history.full.key, ...options);
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('the restore goes on')]);
    expect(readdirSync(join(cache, '.partial'))).toEqual([]);
  });

  it('does not touch a folder that holds something', async () => {
    mkdirSync(dst);
    writeFileSync(join(dst, 'precious'), '');
    const { exitCode } = await sandbox.run('restore', 'mysql', history.full.key, '--dst', dst);
    expect([exitCode, readdirSync(dst)]).toEqual([1, ['precious']]);
  });

  it('names the program that is not there, before anything is fetched', async () => {
    const { exitCode, stderr } = await sandbox.run(
      '--xtrabackup-binary',
      '/nowhere/mariabackup',
      'restore',
      'mysql',
      history.full.key,
      '--dst',
      dst,
    );
    expect([exitCode, readdirSync(dst)]).toEqual([1, []]);
    expect(stderr).toContain('/nowhere/mariabackup');
  });

  it.each([
    ['its options', '--help'],
    ['the full copy', '--prepare'],
    ['the incremental copy', '--incremental-dir'],
  ])('leaves an empty folder after SIGTERM, and no program, when that comes at %s', async (_what, word) => {
    const wait = `case "$*" in *${word}*) echo $$ > "$0.pid"; exec sleep 600;; esac`;
    const backup = sandbox.file('bin/mariabackup', `#!/bin/sh\n${wait}\nexec mariabackup "$@"\n`);
    chmodSync(backup, 0o755);
    const args = ['restore', 'mysql', history.incremental.key, '--dst', dst];
    const { child, result } = sandbox.start(['--xtrabackup-binary', backup, ...args]);
    const pid = await pidOf(backup);
    child.kill('SIGTERM');
    expect(await result).toMatchObject({ exitCode: 143, stderr: 'ERROR: Interrupted by SIGTERM\n' });
    expect([readdirSync(dst), existsSync(`/proc/${pid}`)]).toEqual([[], false]);
  });

  it('leaves an empty folder after SIGTERM as soon as it has begun', async () => {
    const { child, result } = sandbox.start(['restore', 'mysql', history.incremental.key, '--dst', dst]);
    await expect.poll(() => existsSync(dst), { timeout: 20_000, interval: 10 }).toBe(true);
    child.kill('SIGTERM');
    const { exitCode } = await result;
    // A fast machine may have ended before.
    if (exitCode !== 0) expect([exitCode, readdirSync(dst)]).toEqual([143, []]);
  });

  it('asks for a copy when none is named', async () => {
    const { exitCode, stdout, stderr } = await sandbox.run('restore', 'mysql', '--dst', dst);
    expect(exitCode).toBe(1);
    expect(stdout.trimEnd().split('\n')).toEqual(
      [history.incremental.key, history.full.key].map((key) => join(repository, key)),
    );
    expect(stderr).toContain('twindb-backup restore mysql COPY --dst DIR');
  });
});
