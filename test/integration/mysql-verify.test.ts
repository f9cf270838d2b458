import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { pidOf } from '../fixtures/fake-programs.ts';
import { damage } from '../fixtures/mysql-copies.ts';
import { adopt, type MysqlHistory, makeHistory } from '../fixtures/mysql-history.ts';
import { end, payload, withoutFile } from '../fixtures/xbstream.ts';
import { useLab } from '../lab/lab.ts';
import { startOn } from '../lab/mariadb.ts';
import { digestTables } from '../lab/rows.ts';

let history: MysqlHistory;
beforeAll(async () => {
  history = await makeHistory(useLab().gpg);
});
afterAll(() => history[Symbol.asyncDispose]());

let sandbox: Sandbox;
let repository: string;
let temporary: string;
beforeEach(() => {
  sandbox = createSandbox();
  repository = adopt(sandbox, history.plain);
  temporary = join(sandbox.dir, 'tmp');
  mkdirSync(temporary);
});
afterEach(() => sandbox[Symbol.dispose]());

/** Expects nothing to be left in the temporary folder. */
const verify = async (...args: string[]) => {
  const { exitCode, stdout, stderr } = await sandbox.start(['verify', 'mysql', ...args], {
    TMPDIR: temporary,
  }).result;
  expect(readdirSync(temporary)).toEqual([]);
  return { exitCode, stderr, json: JSON.parse(stdout) as Record<string, unknown> };
};

describe('verify mysql', () => {
  it('says that the latest copy of a host can be restored, and how long it took', async () => {
    const { exitCode, stderr, json } = await verify('latest', '--hostname', 'db1');
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(json).toEqual({
      backup_copy: history.incremental.key,
      location: join(repository, history.incremental.key),
      restore_time: expect.any(Number),
      success: true,
    });
    expect(json['restore_time']).toBeGreaterThan(0);
    const { stdout } = await sandbox.run('status', '--summary', '--json', '--hostname', 'db1');
    const { sources } = JSON.parse(stdout) as { sources: readonly object[] };
    expect(sources).toContainEqual(
      expect.objectContaining({
        source: 'mysql',
        verified: expect.objectContaining({ key: history.incremental.key, seconds: json['restore_time'] }),
      }),
    );
  });

  it('says why a copy cannot be restored: the one asked for, or the one it continues', async () => {
    damage(join(repository, history.full.key));
    for (const { key } of [history.full, history.incremental]) {
      const { exitCode, json } = await verify(key, '--json');
      expect(exitCode).toBe(1);
      expect(json).toMatchObject({ backup_copy: key, location: join(repository, key), success: false });
      expect(json['reason']).toContain(`${history.full.key}: the copy is damaged`);
    }
  });

  describe('with keep_local_path', () => {
    let kept: string;
    beforeEach(() => {
      kept = join(sandbox.dir, 'kept');
      repository = adopt(sandbox, history.plain, { destination: { keep_local_path: kept } });
      cpSync(repository, kept, { recursive: true });
    });

    it('verifies the object that was named, and no other in its place', async () => {
      const remote = join(repository, history.full.key);
      damage(remote);
      const { exitCode, json } = await verify(remote);
      expect([exitCode, json]).toEqual([1, expect.objectContaining({ location: remote, success: false })]);
      expect((await verify(join(kept, history.full.key))).json).toMatchObject({ success: true });
    });

    it('names the object that could be restored when the local one could not', async () => {
      damage(join(kept, history.full.key));
      const { stderr, json } = await verify(history.full.key);
      expect(stderr).toContain('Trying the next place');
      expect(json).toMatchObject({ location: join(repository, history.full.key), success: true });
    });
  });

  it('reports a host without copies, and a copy that is not there, in the same form', async () => {
    const none = await verify('latest', '--hostname', 'db9');
    expect(none.exitCode).toBe(1);
    expect(none.json).toMatchObject({ backup_copy: 'latest', location: null, success: false });
    expect(none.json['reason']).toContain('of host db9');
    const absent = await verify('db1/daily/mysql/mysql-2000-01-01_00_00_01.xbstream.gz');
    expect([absent.exitCode, absent.json['success']]).toEqual([1, false]);
  });

  it('leaves the datadir in --dst, where a server starts on it with the options of the copy', async () => {
    const dst = join(sandbox.dir, 'verified');
    const { exitCode } = await verify(history.full.key, '--dst', dst);
    expect(exitCode).toBe(0);
    await using restored = await startOn(dst);
    expect(await digestTables(restored)).toEqual(history.rowsOfFull);
  });

  /** A stand-in for a program; in `inFront`, the server's is found before the real one. */
  const stand = (program: string, script: string) => {
    const file = sandbox.file(`bin/${program}`, `#!/bin/sh\n${script}`);
    chmodSync(file, 0o755);
    return file;
  };
  const inFront = () => ({ PATH: `${sandbox.dir}/bin:${process.env['PATH']}`, TMPDIR: temporary });

  it('drops the options from backup-my.cnf that the program here does not know', async () => {
    const dst = join(sandbox.dir, 'verified');
    // No real copy has such an option: this one gets it, and mariabackup chokes on it, as xtrabackup does.
    const key = 'db1/daily/mysql/mysql-2026-01-03_00_00_01.xbstream.gz';
    const stream = gunzipSync(readFileSync(join(repository, history.full.key)));
    const options = '[mysqld]\ninnodb_page_size=16384\ninnodb_from_the_future=1\n';
    const changed = [
      withoutFile(stream, 'backup-my.cnf'),
      payload('backup-my.cnf', options),
      end('backup-my.cnf'),
    ];
    writeFileSync(join(repository, key), gzipSync(Buffer.concat(changed)));
    const backup = stand(
      'mariabackup',
      `for arg; do case $arg in --target-dir=*) ! grep '^innodb_from' "\${arg#*=}/backup-my.cnf" || exit 7; esac; done
exec /usr/bin/mariabackup "$@"\n`,
    );
    const programOptions = ['--xtrabackup-binary', backup];
    const result = await sandbox.run(...programOptions, 'verify', 'mysql', key, '--dst', dst);
    expect(result).toMatchObject({ exitCode: 0 });
    const lines = readFileSync(join(dst, 'backup-my.cnf'), 'utf8').split('\n');
    expect(lines.filter((line) => line.includes('innodb_from'))).toEqual([]);
    expect(lines.some((line) => line.startsWith('innodb_'))).toBe(true);
  });

  it('drops those that only the server here does not know', async () => {
    const dst = join(sandbox.dir, 'verified');
    stand('mariadbd', '/usr/sbin/mariadbd "$@" | grep -v -e --innodb-compression-level\n');
    const args = ['verify', 'mysql', history.full.key, '--dst', dst];
    expect(await sandbox.start(args, inFront()).result).toMatchObject({ exitCode: 0, stderr: '' });
    const lines = readFileSync(join(dst, 'backup-my.cnf'), 'utf8').split('\n');
    expect(lines.filter((line) => line.includes('innodb_compression_level'))).toEqual([
      expect.stringMatching(/^# not known here: innodb_compression_level=\d+$/),
    ]);
  });

  it('says with --debug why it drops none for the server', async () => {
    stand('mariadbd', 'echo MariaDB\n');
    const args = ['--debug', 'verify', 'mysql', history.full.key];
    const { exitCode, stderr } = await sandbox.start(args, inFront()).result;
    expect(exitCode).toBe(0);
    expect(stderr).toContain(
      'DEBUG: backup-my.cnf: what the server on this host does not know is not looked for: the help of mariadbd lists no options',
    );
  });

  describe('with a server program that hangs when it is asked', () => {
    let server: string;
    beforeEach(() => {
      server = stand('mariadbd', 'echo $$ > "$0.pid"; exec sleep 600\n');
    });

    it('ends after SIGTERM when only that is waited for, and the program with it', async () => {
      const prepare = 'case "$*" in *--prepare*) echo $$ > "$0.pid";; esac\nexec /usr/bin/mariabackup "$@"\n';
      const backup = stand('mariabackup', prepare);
      const args = ['--xtrabackup-binary', backup, 'verify', 'mysql', history.full.key];
      const running = sandbox.start(args, inFront());
      const [pid, preparing] = [await pidOf(server), await pidOf(backup)];
      await expect.poll(() => existsSync(`/proc/${preparing}`), { timeout: 50_000 }).toBe(false);
      running.child.kill('SIGTERM');
      expect((await running.result).exitCode).toBe(143);
      expect([existsSync(`/proc/${pid}`), readdirSync(temporary)]).toEqual([false, []]);
    });

    it('ends when the copy cannot be prepared, and the program with it', async () => {
      const backup = stand(
        'mariabackup',
        `case "$*" in *--prepare*) while [ ! -s '${server}.pid' ]; do sleep 0.1; done; exit 7;; esac\nexec /usr/bin/mariabackup "$@"\n`,
      );
      const args = ['--xtrabackup-binary', backup, 'verify', 'mysql', history.full.key];
      const { exitCode, stdout } = await sandbox.start(args, inFront()).result;
      expect([exitCode, stdout]).toEqual([1, expect.stringContaining('mariabackup failed with exit code 7')]);
      expect([existsSync(`/proc/${await pidOf(server)}`), readdirSync(temporary)]).toEqual([false, []]);
    });
  });

  it('ends after SIGTERM without leaving its folder', async () => {
    const running = sandbox.start(['verify', 'mysql', history.full.key], { TMPDIR: temporary });
    await expect.poll(() => readdirSync(temporary).length, { timeout: 20_000 }).toBeGreaterThan(0);
    running.child.kill('SIGTERM');
    expect((await running.result).exitCode).toBe(143);
    expect(readdirSync(temporary)).toEqual([]);
    expect(existsSync(temporary)).toBe(true);
  });
});
