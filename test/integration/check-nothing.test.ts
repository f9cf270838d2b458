import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';

import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { expectReadable } from '../e2e/messages.ts';
import { configureLocal, SILENT } from '../fixtures/backup-run.ts';
import { layOut, PYTHON_REPOSITORY } from '../fixtures/check-run.ts';

let sandbox: Sandbox;
let repository: string;
let data: string;
beforeEach(() => {
  sandbox = createSandbox();
  repository = join(sandbox.dir, 'repository');
  data = join(sandbox.dir, 'data');
  sandbox.file('data/file', 'x');
  configureLocal(sandbox, [data]);
});
afterEach(() => sandbox[Symbol.dispose]());

describe('check where nothing of this host is', () => {
  it('is an error, also with copies of others, with --adopt and with --json', async () => {
    const nothing = `There is no copy and no status of the host ${hostname()} on ${repository}\n`;
    const lock = join(sandbox.dir, 'lock');
    for (const prepare of [() => undefined, () => layOut(sandbox, PYTHON_REPOSITORY, 'web1')]) {
      prepare();
      for (const args of [[], ['--json'], ['--type', 'mysql'], ['--adopt', '--lock-file', lock]]) {
        const result = await sandbox.run('check', ...args);
        expect([result.exitCode, result.stdout]).toEqual([1, '']);
        expect(result.stderr).toContain(nothing);
        expectReadable(result);
      }
    }
  });

  it('is an error where only keep_local_path still has something', async () => {
    configureLocal(sandbox, [data], { destination: { keep_local_path: join(sandbox.dir, 'kept') } });
    expect(await sandbox.backup()).toEqual(SILENT);
    expect(await sandbox.run('check')).toEqual(SILENT);
    rmSync(repository, { recursive: true });
    mkdirSync(repository);
    expect((await sandbox.run('check')).exitCode).toBe(1);
  });

  it('is none on a machine that backs nothing up, where others have copies', async () => {
    configureLocal(sandbox, []);
    expect((await sandbox.run('check')).exitCode).toBe(1);
    layOut(sandbox, PYTHON_REPOSITORY, 'web1');
    expect((await sandbox.run('check', '--type', 'files')).exitCode).toBe(0);
  });

  it('is no error where its folder was moved and a link left', async () => {
    expect(await sandbox.backup()).toEqual(SILENT);
    const link = join(repository, hostname());
    renameSync(link, join(sandbox.dir, 'larger'));
    symlinkSync(join(sandbox.dir, 'larger'), link);
    expect(await sandbox.run('check', '--read')).toEqual(SILENT);
    expect((await sandbox.run('ls')).stdout).toContain(`${link}/daily/files/`);
  });
});

describe('check of the age of the newest copies', () => {
  const tooOld = (what: string) =>
    new RegExp(
      `^ERROR: The newest ${what} on \\S+ is [0-9.]+ minutes old, and may be [0-9.]+ minutes old\\n`,
    );
  beforeEach(async () => {
    expect(await sandbox.backup('hourly')).toEqual(SILENT);
    await delay(2100);
  });

  it('is an error when it is older than --max-age says, and none when it is not', async () => {
    expect(await sandbox.run('check', '--max-age', '26h')).toEqual(SILENT);
    const old = await sandbox.run('check', '--max-age', '1s');
    expect(old.exitCode).toBe(1);
    expect(old.stderr).toMatch(tooOld(`copy of ${data}`));
    expectReadable(old);
    const { exitCode, stdout } = await sandbox.run('check', '--max-age', '1s', '--json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      success: false,
      copies: [{ state: 'listed' }],
      stale: [{ source: data, run_type: null, age: expect.any(Number), max_age: 1 }],
    });
  });

  it('is an error for a source that has no copy', async () => {
    configureLocal(sandbox, [data, join(sandbox.dir, 'other')]);
    const result = await sandbox.run('check', '--max-age', '26h');
    expect([result.exitCode, result.stderr]).toEqual([
      1,
      expect.stringMatching(/^ERROR: There is no copy of \S+\/other on \S+\nRead what the last backups said/),
    ]);
  });

  it('goes by run type where [check] max_age does, and --max-age wins', async () => {
    configureLocal(sandbox, [data], { check: { max_age: 'hourly:1h daily:26h' } });
    const none = await sandbox.run('check');
    expect([none.exitCode, none.stderr]).toEqual([
      1,
      expect.stringMatching(/^ERROR: There is no daily copy of /),
    ]);
    expect(await sandbox.run('check', '--max-age', '26h')).toEqual(SILENT);
    expect(await sandbox.backup('daily')).toEqual(SILENT);
    expect(await sandbox.run('check')).toEqual(SILENT);
    // What this host backs up says nothing of others.
    configureLocal(sandbox, [data], { check: { max_age: 'hourly:1s' } });
    layOut(sandbox, PYTHON_REPOSITORY, 'web1');
    expect((await sandbox.run('check', '--type', 'files', '--hostname', 'web1')).exitCode).toBe(0);
    expect((await sandbox.run('check', '--type', 'files')).stderr).toMatch(tooOld(`hourly copy of ${data}`));
  });

  it('is refused where nothing is backed up whose age could be checked', async () => {
    const result = await sandbox.run('check', '--type', 'mysql', '--max-age', '26h');
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('There is no age to check');
  });

  it('takes no time that it cannot read', async () => {
    expect((await sandbox.run('check', '--max-age', 'soon')).exitCode).toBe(2);
    configureLocal(sandbox, [data], { check: { max_age: 'dayly:26h' } });
    const result = await sandbox.run('check');
    expect([result.exitCode, result.stderr]).toEqual([
      78,
      expect.stringContaining('[check] max_age must be a time such as 26h'),
    ]);
  });
});
