import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdLock } from '../../src/lock/run-lock.ts';
import { createSandbox, type Result, type Sandbox } from '../e2e/cli.ts';
import { expectReadable } from '../e2e/messages.ts';
import { configureLocal, SILENT } from '../fixtures/backup-run.ts';
import { adopt, checkCopies, layOut, linesOf, PYTHON_REPOSITORY, snapshot } from '../fixtures/check-run.ts';
import { damage, truncate } from '../fixtures/mysql-copies.ts';
import { backUpHere } from '../fixtures/run-in-process.ts';

let sandbox: Sandbox;
let repository: string;
beforeEach(() => {
  sandbox = createSandbox();
  repository = join(sandbox.dir, 'repository');
  configureLocal(sandbox, []);
});
afterEach(() => sandbox[Symbol.dispose]());

describe('check of a configuration', () => {
  it('says which of tar_options keeps directories from being backed up', async () => {
    sandbox.file('data/file', 'content');
    const folders = [join(sandbox.dir, 'data')];
    configureLocal(sandbox, folders);
    expect(await sandbox.backup()).toEqual(SILENT);
    configureLocal(sandbox, folders, { source: { tar_options: '--rem' } });
    const { exitCode, stderr } = await sandbox.run('check');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('[source] tar_options cannot have --rem (--remove-files): ');
  });
});

describe('check of what lasts', () => {
  it('says each time what a backup says once a week', async () => {
    configureLocal(sandbox, [join(sandbox.file('data/file', 'content'), '..')]);
    const nextYear = new Date(Date.now() + 365 * 86_400_000);
    await backUpHere(sandbox, 'daily', { now: () => nextYear });
    for (let run = 0; run < 2; run += 1) {
      const { exitCode, stderr } = await sandbox.run('check');
      expect([exitCode, stderr]).toEqual([0, expect.stringContaining('is dated in the future')]);
    }
  });
});

describe("check of the Python tool's copies of directories", () => {
  const keys = [
    'web1/hourly/files/_srv_src_site-2020-01-01_03_00_00.tar.gz',
    'web1/daily/files/_srv_src_site-2020-01-01_02_00_00.tar.gz',
  ];
  beforeEach(() => layOut(sandbox, PYTHON_REPOSITORY, 'web1'));

  it('lists each as not in the status and whole, and changes nothing', async () => {
    const before = snapshot(sandbox);
    const result = await sandbox.run('check', '--type', 'files');
    expect([result.exitCode, result.stderr]).toEqual([0, '']);
    expect(linesOf(result)).toEqual(keys.map((key) => `${join(repository, key)}: not in the status, whole`));
    expect(snapshot(sandbox)).toBe(before);
  });

  it('enters them with --adopt, once, so that a restore can verify them', async () => {
    expect(linesOf(await adopt(sandbox, 'web1', '--type', 'files'))).toEqual(
      keys.map((key) => `${join(repository, key)}: entered in the status`),
    );
    expect(await adopt(sandbox, 'web1', '--type', 'files')).toEqual(SILENT);
    expect(await sandbox.run('check', '--type', 'files', '--read')).toEqual(SILENT);
    const [key = ''] = keys;
    const dst = join(sandbox.dir, 'dst');
    const restored = await sandbox.run('restore', 'file', key, '--dst', dst);
    expect(restored.exitCode).toBe(0);
    expect(restored.stderr).toMatch(/^WARNING: \S+ is not signed, and there is no key \S+ here.*\n$/);
    const { stdout } = await sandbox.run('status', '--type', 'files', '--hostname', 'web1');
    const { hourly } = JSON.parse(stdout) as { hourly: Record<string, Record<string, unknown>> };
    expect(hourly[key]).toMatchObject({
      source_path: '/srv/src/site',
      backup_started: new Date(2020, 0, 1, 3).getTime() / 1000,
      chain: ['.gz'],
      size: readFileSync(join(repository, key)).length,
      unpacked_size: gunzipSync(readFileSync(join(repository, key))).length,
    });
  });

  it('takes them for those of this host only when they are: --adopt without --hostname leaves others alone', async () => {
    const before = snapshot(sandbox);
    expect(await sandbox.run('check', '--adopt', '--lock-file', join(sandbox.dir, 'lock'))).toEqual(SILENT);
    expect(snapshot(sandbox)).toBe(before);
  });

  it('checks only the copies that are named, and says when one is not there', async () => {
    const [first = '', second = ''] = keys;
    const one = await sandbox.run('check', join(repository, first));
    expect(linesOf(one)).toEqual([`${join(repository, first)}: not in the status, whole`]);
    const copies = await checkCopies(sandbox, second.split('/').at(-1) ?? '');
    expect(copies.map(({ key }) => key)).toEqual([second]);
    const none = await sandbox.run('check', 'nothing', first);
    expect([none.exitCode, none.stderr]).toEqual([1, expect.stringContaining('There is no copy nothing')]);
  });

  it('names broken ones and why, enters none of them, deletes none, and exits 1', async () => {
    const folder = join(repository, 'web1/daily/files');
    const whole = readFileSync(join(repository, keys[0] ?? ''));
    const broken: Record<string, Buffer> = {
      'cut.tar.gz': whole.subarray(0, whole.length / 2),
      'empty.tar.gz': Buffer.alloc(0),
      // Of a tar that died, behind a gzip that did not: a member, of which tar does not complain, and no end.
      'no-end.tar.gz': gzipSync(gunzipSync(whole).subarray(0, 512)),
    };
    for (const [name, bytes] of Object.entries(broken))
      writeFileSync(join(folder, `_${name.replace('.', '-2020-01-01_02_00_00.')}`), bytes);
    const unfit = { '_other-2020-01-01_02_00_00.tar.gz': 'below', 'odd.tar.gz': 'its name' };
    for (const name of Object.keys(unfit)) writeFileSync(join(folder, name), whole);
    const result = await adopt(sandbox, 'web1', '--type', 'files');
    expect(result.exitCode).toBe(1);
    expectReadable(result);
    expect(linesOf(result)).toHaveLength(keys.length);
    const messages = result.stderr.split(/^ERROR: /m).slice(1);
    expect(messages).toHaveLength(5);
    for (const name of ['_cut-', '_empty-', '_no-end-']) {
      expect(messages.find((each) => each.includes(name))).toMatch(/is damaged, or cannot be read here: ./);
    }
    for (const [name, why] of Object.entries(unfit)) {
      expect(messages.find((each) => each.includes(name))).toContain('cannot be entered in the status: ');
      expect(messages.find((each) => each.includes(name))).toContain(why);
    }
    const copies = await checkCopies(sandbox, '--type', 'files');
    const count = (state: string) => copies.filter((copy) => copy.state === state).length;
    expect([count('listed'), count('unreadable'), count('unfit')]).toEqual([keys.length, 3, 2]);
  });

  it('waits for a backup that goes on before it writes a status, and enters nothing that it has removed', async () => {
    const before = snapshot(sandbox);
    const holding = { what: 'a test' };
    const options = {
      holding,
      waitSeconds: 0,
      signal: new AbortController().signal,
      onLost: () => undefined,
    };
    let adopting: Promise<Result>;
    {
      await using _lock = await holdLock({ path: join(sandbox.dir, 'lock'), ...options });
      adopting = adopt(sandbox, 'web1', '--type', 'files');
      expect(await Promise.race([adopting, delay(3000, 'it waits')])).toBe('it waits');
      expect(snapshot(sandbox)).toBe(before);
      rmSync(join(repository, keys[0] ?? ''));
    }
    expect(await adopting).toEqual({
      ...SILENT,
      stdout: `${join(repository, keys[1] ?? '')}: entered in the status\n`,
    });
    expect(await sandbox.run('check', '--type', 'files')).toEqual(SILENT);
  });

  it('lets retention expire what it has entered', async () => {
    const source = sandbox.file('source/file', 'x');
    const sanitized = dirname(source).replaceAll('/', '_');
    rmSync(repository, { recursive: true });
    const folder = join(repository, hostname(), 'daily/files');
    mkdirSync(folder, { recursive: true });
    const old = ['2020-01-01', '2020-01-02'].map((day) => `${sanitized}-${day}_00_00_00.tar`);
    for (const name of old)
      execFileSync('tar', ['-cf', join(folder, name), '-C', '/', dirname(source).slice(1)]);
    configureLocal(sandbox, [dirname(source)], { retention: { daily_copies: 2 } });
    expect((await sandbox.run('check', '--adopt', '--lock-file', join(sandbox.dir, 'lock'))).exitCode).toBe(
      0,
    );
    const backup = await sandbox.backup();
    expect([backup.exitCode, backup.stderr]).toEqual([
      0,
      expect.stringContaining('signed the 2 that were there'),
    ]);
    const left = (await checkCopies(sandbox)).map(({ key }) => key);
    expect(left).toHaveLength(2);
    expect(left).not.toContain(`${hostname()}/daily/files/${old[0]}`);
  });
});

it('check of a host of which nothing is there says so: all cannot be well with what was misspelt', async () => {
  layOut(sandbox, PYTHON_REPOSITORY, 'web1');
  const { exitCode, stderr } = await sandbox.run('check', '--hostname', 'wbe1');
  expect([exitCode, stderr]).toEqual([
    1,
    expect.stringMatching(/^ERROR: There is nothing of the host wbe1 on /),
  ]);
});

describe('check of copies that the status lists', () => {
  let key: string;
  beforeEach(async () => {
    const source = dirname(sandbox.file('source/file', 'content'));
    configureLocal(sandbox, [source], { compression: { program: 'gzip' } });
    expect(await sandbox.backup()).toEqual(SILENT);
    key = (await checkCopies(sandbox))[0]?.key ?? '';
  });

  it('is silent while they are as the status says', async () => {
    expect(await sandbox.run('check', '--read')).toEqual(SILENT);
  });

  it('tells of one that was deleted by hand, also where nothing but the status is left of a host', async () => {
    rmSync(join(repository, key));
    layOut(sandbox, PYTHON_REPOSITORY, 'web1');
    for (const name of ['hourly', 'daily', 'binlog'])
      rmSync(join(repository, 'web1', name), { recursive: true });
    const result = await sandbox.run('check');
    expect(result).toMatchObject({ exitCode: 1, stdout: '' });
    const gone = [
      key,
      'web1/daily/mysql/mysql-2020-01-01_02_00_01.xbstream.gz',
      'web1/binlog/mysql-bin.000001',
    ].map((each) => `ERROR: ${join(repository, each)} is in the status, and is gone`);
    expect(result.stderr.trimEnd().split('\n').toSorted()).toEqual(gone.toSorted());
  });

  it('tells of another size at once, and of other bytes of that size with --read', async () => {
    damage(join(repository, key));
    expect(await sandbox.run('check')).toEqual(SILENT);
    const read = await sandbox.run('check', '--read');
    expect([read.exitCode, read.stderr]).toEqual([1, expect.stringContaining('the status says')]);
    truncate(join(repository, key));
    const looked = await sandbox.run('check');
    expect([looked.exitCode, looked.stderr]).toEqual([
      1,
      expect.stringMatching(/it has \d+ bytes, the status says/),
    ]);
  });

  it('tells of an empty object, also where the Python tool has listed it without its size', async () => {
    layOut(sandbox, PYTHON_REPOSITORY, 'web1');
    const mysql = join(repository, 'web1/daily/mysql/mysql-2020-01-01_02_00_01.xbstream.gz');
    writeFileSync(mysql, '');
    expect(await sandbox.run('check', mysql)).toEqual({
      ...SILENT,
      exitCode: 1,
      stdout: '',
      stderr: `ERROR: ${mysql} is damaged, or cannot be read here: it is empty\n`,
    });
  });

  it('says that a status cannot be read, and goes on with the others', async () => {
    layOut(sandbox, PYTHON_REPOSITORY, 'web1');
    for (const name of ['files-status', 'files-status.copy'])
      writeFileSync(join(repository, hostname(), name), 'no status');
    const result = await sandbox.run('check', '--type', 'files');
    expect([result.exitCode, linesOf(result).length]).toEqual([1, 2]);
    expect(result.stderr).toMatch(/^ERROR: Neither the status .* nor its second copy can be read/);
    // Not that the copy is not there.
    expect((await sandbox.run('check', key)).stderr.match(/ERROR: /g)).toHaveLength(1);
  });
});
