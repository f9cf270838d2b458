import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { checkCopies } from '../fixtures/check-run.ts';
import { forgeCopy, forgeStatus } from '../fixtures/forge.ts';
import { backUp, configureMysql, listedBinlogs, listedMysql } from '../fixtures/mysql-run.ts';
import { saveBinlogStatus, saveMysqlStatus } from '../fixtures/python-tool.ts';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';

// What somebody who may write to the destination does to copies of MySQL, their chain and the binary logs.

let server: MariadbServer;
let sandbox: Sandbox;
let dst: string;
beforeAll(async () => {
  server = await startMariadb({ lines: ['innodb_log_file_size = 4M', 'innodb_buffer_pool_size = 16M'] });
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  sandbox = createSandbox();
  configureMysql(sandbox, server);
  dst = join(sandbox.dir, 'restored');
  await server.resetBinlogs();
  for (const runType of ['daily', 'hourly']) expect(await backUp(sandbox, runType)).toEqual(SILENT);
});
afterEach(() => sandbox[Symbol.dispose]());

const keyOf = (type: string) => listedMysql(sandbox).find((each) => each.type === type)?.key ?? '';
const restore = (key: string) => sandbox.run('restore', 'mysql', key, '--dst', dst);
const CHANGED = 'is not as this machine has signed it';

async function expectRefused(key: string): Promise<void> {
  const { exitCode, stderr } = await restore(key);
  expect(stderr).toContain(CHANGED);
  expect(exitCode).toBe(1);
  expect(existsSync(dst) ? readdirSync(dst) : []).toEqual([]);
}

describe('an incremental copy', () => {
  it('is not put on another full copy than the one it was made to continue', async () => {
    expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
    const incremental = listedMysql(sandbox).find((each) => each.type === 'incremental');
    const other = listedMysql(sandbox).find(
      (each) => each.type === 'full' && each.key !== incremental?.parent,
    );
    forgeStatus(sandbox, 'status', (entry) => (entry['parent'] ? { ...entry, parent: other?.key } : entry));
    await expectRefused(incremental?.key ?? '');
    const states = (await checkCopies(sandbox, '--type', 'mysql')).map(({ key, state }) => [key, state]);
    expect(states).toContainEqual([incremental?.key, 'forged']);
    expect(states.filter(([, state]) => state === 'listed')).toHaveLength(2);
  });

  it('is refused with its full copy, when that was changed; and none continues it', async () => {
    const full = keyOf('full');
    forgeCopy(sandbox, full, Buffer.from(readFileSync(join(sandbox.dir, 'repository', full)).toReversed()), {
      name: 'status',
    });
    await expectRefused(keyOf('incremental'));
    const { exitCode, stderr } = await backUp(sandbox, 'hourly');
    expect(exitCode).toBe(0);
    expect(stderr).toContain(
      `A full copy instead of an incremental one: the full copy ${full} is not what this machine has signed`,
    );
    expect(listedMysql(sandbox).filter(({ type }) => type === 'full')).toHaveLength(2);
  });
});

describe('an entry of another host in the status of this one', () => {
  it('is neither continued nor restored on, nor the latest copy', async () => {
    const evil = keyOf('full').replace(hostname(), 'evil');
    mkdirSync(dirname(join(sandbox.dir, 'repository', evil)), { recursive: true });
    cpSync(join(sandbox.dir, 'repository', keyOf('full')), join(sandbox.dir, 'repository', evil));
    forgeStatus(sandbox, 'status', (entry) => entry, {
      add: (content) => {
        const daily = content['daily'] ?? {};
        const { mac: _mac, ...entry } = daily[keyOf('full')] ?? {};
        const later = Number(entry['backup_started']) + 60;
        return {
          ...content,
          daily: { ...daily, [evil]: { ...entry, backup_started: later, backup_finished: later } },
        };
      },
    });
    expect(await backUp(sandbox, 'hourly')).toEqual(SILENT);
    const parents = listedMysql(sandbox).map(({ parent }) => parent);
    expect(parents).not.toContain(evil);
    const { stdout } = await sandbox.run('verify', 'mysql', 'latest');
    expect(stdout).not.toContain('evil');
    forgeStatus(sandbox, 'status', ({ mac: _mac, ...entry }) =>
      entry['parent'] ? { ...entry, parent: evil } : entry,
    );
    const restored = await sandbox.run(
      'restore',
      'mysql',
      keyOf('incremental'),
      '--dst',
      dst,
      '--accept-unauthenticated',
    );
    expect([restored.exitCode, restored.stderr]).toEqual([
      1,
      expect.stringContaining('names the copy of another host as its parent'),
    ]);
  });

  it('nor is one in the section of another run type, beside the true one', async () => {
    const full = keyOf('full');
    forgeStatus(sandbox, 'status', (entry) => entry, {
      add: (content) => {
        const { mac: _mac, ...entry } = content['daily']?.[full] ?? {};
        return {
          ...content,
          weekly: { [full]: { ...entry, lsn: 7, backup_started: Number(entry['backup_started']) + 60 } },
        };
      },
    });
    expect(await backUp(sandbox, 'hourly')).toEqual(SILENT);
    for (const { key } of listedMysql(sandbox).filter(({ type }) => type === 'incremental')) {
      expect((await restore(key)).exitCode).toBe(0);
      rmSync(dst, { recursive: true });
    }
  });
});

describe('the configuration that a copy brings along', () => {
  it('is that of the server', async () => {
    const config = [{ '/etc/mysql/my.cnf': Buffer.from('[mysqld]\nplugin_dir=/tmp\n').toString('base64') }];
    forgeStatus(sandbox, 'status', (entry) => ({ ...entry, config }));
    await expectRefused(keyOf('full'));
  });
});

describe('verify mysql latest', () => {
  it('says that the copy was changed', async () => {
    const key = keyOf('incremental');
    forgeStatus(sandbox, 'status', (entry) => (entry['parent'] ? { ...entry, position: 4 } : entry));
    const { exitCode, stdout } = await sandbox.run('verify', 'mysql', 'latest');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      success: false,
      reason: expect.stringContaining(CHANGED) as string,
    });
    expect(stdout).toContain(key);
  });
});

describe('verify mysql of a named object', () => {
  it('judges that object: the copy in keep_local_path must not stand in for it', async () => {
    configureMysql(sandbox, server, { destination: { keep_local_path: join(sandbox.dir, 'kept') } });
    expect(await backUp(sandbox, 'weekly')).toEqual(SILENT);
    const key = listedMysql(sandbox).find(({ runType }) => runType === 'weekly')?.key ?? '';
    forgeStatus(sandbox, 'status', (entry, each) => (each === key ? { ...entry, position: 4 } : entry));
    const named = await sandbox.run('verify', 'mysql', join(sandbox.dir, 'repository', key));
    expect(named.exitCode).toBe(1);
    expect(JSON.parse(named.stdout)).toMatchObject({ success: false });
    expect((await sandbox.run('verify', 'mysql', join(sandbox.dir, 'kept', key))).exitCode).toBe(0);
  });
});

describe('a copy that was accepted although nothing proves it', () => {
  it('is not taken from the cache for the true one later', async () => {
    const key = keyOf('full');
    const object = join(sandbox.dir, 'repository', key);
    const names = ['status', 'status.copy'].map((name) => join(sandbox.dir, 'repository', hostname(), name));
    const before = [object, ...names].map((file) => [file, readFileSync(file)] as const);
    await server.sql('CREATE DATABASE planted');
    expect(await backUp(sandbox, 'weekly')).toEqual(SILENT);
    await server.sql('DROP DATABASE planted');
    const other = listedMysql(sandbox).find(({ runType }) => runType === 'weekly')?.key ?? '';
    forgeCopy(sandbox, key, readFileSync(join(sandbox.dir, 'repository', other)), { name: 'status' });
    forgeStatus(sandbox, 'status', ({ mac: _mac, ...entry }) => entry);
    const cached = (...options: string[]) =>
      sandbox.run('restore', 'mysql', key, '--dst', dst, '--cache', join(sandbox.dir, 'cache'), ...options);
    expect((await cached('--accept-unauthenticated')).exitCode).toBe(0);
    expect(readdirSync(dst)).toContain('planted');
    rmSync(dst, { recursive: true });
    for (const [file, bytes] of before) writeFileSync(file, bytes);
    const { exitCode, stderr } = await cached();
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('is of another copy; it is not used')]);
    expect(readdirSync(dst)).not.toContain('planted');
  });
});

describe('a binary log', () => {
  it('that was changed is neither restored nor in the steps that a restore prints', async () => {
    const [first = '', ...others] = [...listedBinlogs(sandbox).keys()];
    expect(others.length).toBeGreaterThan(0);
    forgeStatus(sandbox, 'binlog-status', (entry, key) =>
      key === first ? entry : { ...entry, time_created: 5 },
    );
    const steps = await restore(keyOf('full'));
    expect(steps.exitCode).toBe(0);
    expect(steps.stderr).toContain(CHANGED);
    expect(steps.stderr).toContain('It is left out of the steps');
    for (const key of others) expect(steps.stdout).not.toContain(`restore binlog ${key}`);
    rmSync(dst, { recursive: true });
    const refused = await sandbox.run('restore', 'binlog', ...others, '--dst', dst);
    expect([refused.exitCode, refused.stderr.includes(CHANGED), existsSync(dst)]).toEqual([1, true, false]);
    expect((await sandbox.run('restore', 'binlog', first, '--dst', dst)).stderr).not.toMatch(/WARNING|ERROR/);
  });
});

describe('a binary log without a signature', () => {
  it('is not older for an old time in its entry: it is left out of the steps', async () => {
    const [first = ''] = [...listedBinlogs(sandbox).keys()].slice(-1);
    forgeStatus(sandbox, 'binlog-status', ({ mac: _mac, sha256: _sha256, size: _size, ...entry }, key) =>
      key === first ? { ...entry, time_created: 5 } : { ...entry, mac: _mac, sha256: _sha256, size: _size },
    );
    const { exitCode, stderr, stdout } = await restore(keyOf('full'));
    expect(exitCode).toBe(0);
    expect(stderr).toContain('is not signed, although it is newer than the key');
    expect(stdout).not.toContain(first);
  });
});

describe('the statuses that the Python tool has written meanwhile', () => {
  it('are as authentic as before', async () => {
    const path = (name: string) => join(sandbox.dir, 'repository', hostname(), name);
    writeFileSync(path('status'), saveMysqlStatus(readFileSync(path('status'), 'utf8')));
    writeFileSync(path('binlog-status'), saveBinlogStatus(readFileSync(path('binlog-status'), 'utf8')));
    expect(await sandbox.run('check')).toMatchObject({ exitCode: 0, stderr: '' });
    const { exitCode, stderr } = await restore(keyOf('incremental'));
    expect([exitCode, stderr]).toEqual([0, '']);
  });
});
