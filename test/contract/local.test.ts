import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  lchown,
  mkdir,
  readdir,
  rename,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Destination } from '../../src/destinations/destination.ts';
import { describeError, StorageError } from '../../src/errors.ts';
import {
  digest,
  digestOf,
  inParallel,
  listKeys,
  MIB,
  makeBytes,
  store,
  untilClosed,
  writeChunk,
} from './bytes.ts';
import { testDestination } from './destination.ts';
import { type Harness, type Place, seesFile } from './harness.ts';
import { backdate, listPartials, mountTmpfs, newFolder, openFolder } from './local-folder.ts';

const placeAt = (backupDir: string): Place => ({
  open: () => openFolder(backupDir),
  leftovers: (host) => listPartials(backupDir, host),
  sees: (key) => seesFile(join(backupDir, key)),
});

const small = mountTmpfs('size=8m');
const readOnly = mountTmpfs('size=1m,ro');

function makeHarness(): Harness {
  const backupDir = join(newFolder(), 'backup');
  return {
    ...placeAt(backupDir),
    root: backupDir,
    secrets: [],
    async plant(host, owner) {
      const path = join(backupDir, host, '.partial', owner);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, 'half of a co');
      return path;
    },
    openLater(host, ms) {
      backdate(join(backupDir, host, '.partial'), ms);
      return openFolder(backupDir);
    },
    wrongCredentials: { notPossible: 'a folder asks for no credentials; permissions have their own tests' },
    wrongHostKey: { notPossible: 'a folder has no host key' },
    full: small
      ? () => Promise.resolve(placeAt(small))
      : { notPossible: 'mounting a small file system needs root' },
    serverGone: { notPossible: 'a folder has no server; a killed writer has its own test' },
  };
}

testDestination('local', makeHarness);

describe('the local destination on a file system', () => {
  let backupDir: string;
  let destination: Destination;

  beforeEach(() => {
    backupDir = join(newFolder(), 'a', 'backup');
    destination = openFolder(backupDir);
  });

  test('makes folders only their owner may enter and files only their owner may read, whatever the umask', async () => {
    const umask = process.umask(0);
    try {
      await store(destination, 'db1/daily/files/x', 10, 1);
    } finally {
      process.umask(umask);
    }
    for (const folder of ['..', '.', 'db1', 'db1/daily', 'db1/daily/files']) {
      expect((await stat(join(backupDir, folder))).mode & 0o777, folder).toBe(0o700);
    }
    expect((await stat(join(backupDir, 'db1/daily/files/x'))).mode & 0o777).toBe(0o600);
  });

  test('the half-written file, too, is for its owner only', async () => {
    const sink = destination.write('db1/daily/files/x');
    await writeChunk(sink, Buffer.alloc(10));
    const [partial] = await listPartials(backupDir, 'db1');
    expect((await stat(partial ?? '')).mode & 0o777).toBe(0o600);
    expect((await stat(join(backupDir, 'db1/.partial'))).mode & 0o777).toBe(0o700);
    sink.destroy();
    await untilClosed(sink);
  });

  test('leaves no .partial folder behind, and keeps it while another writer needs it', async () => {
    const slow = destination.write('db1/daily/files/slow');
    await writeChunk(slow, Buffer.from('slow'));
    await store(destination, 'db1/daily/files/quick', 10, 1);
    expect(await listPartials(backupDir, 'db1')).toHaveLength(1);
    slow.end();
    await untilClosed(slow);
    expect(slow.errored).toBeNull();
    expect(await readdir(join(backupDir, 'db1'))).toEqual(['daily']);
  });

  test('a folder that writers make and remove at once never fails one of them', async () => {
    // Three at a time: now and then one ends, and finds the folder empty, just while another begins.
    const keys = Array.from({ length: 300 }, (_, number) => `db1/binlog/${number}`);
    await inParallel(keys, 3, (key) => store(destination, key, 1, 1));
    expect(await listKeys(destination, 'db1/')).toHaveLength(300);
  });

  test('a partial file that lost bytes on the disk is never published', async () => {
    await store(destination, 'db1/status', 1000, 1);
    const sink = destination.write('db1/status');
    await writeChunk(sink, Buffer.alloc(MIB));
    const [partial] = await listPartials(backupDir, 'db1');
    await truncate(partial ?? '', MIB - 1);
    const closed = untilClosed(sink);
    sink.end();
    await closed;
    expect(describeError(sink.errored)).toMatch(`${MIB - 1} bytes are in the file, ${MIB} were written`);
    expect(await digestOf(destination, 'db1/status')).toBe(await digest(makeBytes(1000, 1)));
    expect(await listPartials(backupDir, 'db1')).toEqual([]);
  });

  test('a file that becomes shorter while it is read is an error, not an early end', async () => {
    await store(destination, 'db1/daily/files/x', 8 * MIB, 1);
    const stream = destination.read('db1/daily/files/x');
    const cut = (async () => {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        expect(chunk.length).toBeGreaterThan(0);
        await truncate(join(backupDir, 'db1/daily/files/x'), 5 * MIB);
      }
    })();
    await expect(cut).rejects.toThrow(`ended after ${5 * MIB} of ${8 * MIB} bytes`);
  });

  test('what a killed writer leaves is under no key, and the next sweep removes it', async () => {
    const fixture = fileURLToPath(new URL('../fixtures/write-until-killed.mjs', import.meta.url));
    await store(destination, 'db1/daily/files/x', 1000, 1);
    const args = [fixture, backupDir, 'db1/daily/files/x'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    await Promise.race([once(child.stdout, 'data'), exited]);
    expect(await destination.sweep('db1')).toEqual([]);
    child.kill('SIGKILL');
    expect(await exited).toEqual([null, 'SIGKILL']);

    const left = await listPartials(backupDir, 'db1');
    expect(left).toHaveLength(1);
    expect((await stat(left[0] ?? '')).size).toBeGreaterThan(0);
    expect(await listKeys(destination, '')).toEqual(['db1/daily/files/x']);
    expect(await digestOf(destination, 'db1/daily/files/x')).toBe(await digest(makeBytes(1000, 1)));
    expect(await destination.sweep('db1')).toEqual([expect.stringContaining(left[0] ?? '')]);
    expect(await readdir(join(backupDir, 'db1'))).toEqual(['daily']);
  });

  test('a full disk is told with its folder, its reason and a remedy', async ({ skip }) => {
    if (!small) return skip('mounting a small file system needs root');
    const failure = await store(openFolder(small), 'full/daily/files/x', 64 * MIB, 1).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(StorageError);
    expect(describeError(failure)).toContain(
      `Cannot write ${small}/full/daily/files/x: no space left on ${small}`,
    );
    expect(describeError(failure)).toContain('Free space there');
  });

  test('a read-only file system is told with a remedy', async ({ skip }) => {
    if (!readOnly) return skip('mounting a file system needs root');
    const failure = await store(openFolder(readOnly), 'db1/status', 10, 1).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StorageError);
    expect(describeError(failure)).toContain(`${readOnly} is read-only`);
    expect(describeError(failure)).toContain('Mount it writable');
  });

  test('a folder without permission is told with a remedy', async () => {
    await store(destination, 'db1/status', 10, 1);
    const isRoot = process.geteuid?.() === 0;
    await chmod(backupDir, isRoot ? 0o700 : 0o500);
    // Root may write everywhere, so for a moment this process is nobody.
    if (isRoot) process.seteuid?.(65_534);
    const failure = await store(destination, 'db2/status', 10, 1).catch((error: unknown) => error);
    if (isRoot) process.seteuid?.(0);
    expect(failure).toBeInstanceOf(StorageError);
    expect(describeError(failure)).toContain(`no permission on ${backupDir}`);
    expect(describeError(failure)).toMatch(/Let uid \d+ read and write/);
  });

  test('a closed folder below the one that is listed is an error, or reported and left out', async ({
    skip,
  }) => {
    if (process.geteuid?.() !== 0) return skip('becoming another user for a moment needs root');
    for (const key of ['db1/daily/files/x', 'db2/status', 'db3/daily/files/y', 'db4/status'])
      await store(destination, key, 10, 1);
    await mkdir(join(backupDir, 'lost+found'), { mode: 0o700 });
    await symlink(join(backupDir, 'db2/status'), join(backupDir, 'db1/linked'));
    const open = ['..', '.', 'db1', 'db1/daily', 'db1/daily/files', 'db1/daily/files/x', 'db4', 'db4/status'];
    for (const path of open) await chown(join(backupDir, path), 65_534, 65_534);
    await chmod(join(backupDir, '../../..'), 0o711);
    // Its names can be read, and nothing of its files.
    await chmod(join(backupDir, 'db4'), 0o400);
    process.seteuid?.(65_534);
    const closed = new Set<string>();
    const found: string[] = [];
    const refused: unknown[] = [];
    try {
      for await (const { key } of destination.list('', (folder) => closed.add(folder))) found.push(key);
      for (const prefix of ['', 'db2/'])
        refused.push(await listKeys(destination, prefix).catch((error: unknown) => error));
      // What was asked for itself.
      for await (const { key } of destination.list('db2/', (folder) => closed.add(folder))) found.push(key);
    } catch (error) {
      refused.push(error);
    } finally {
      process.seteuid?.(0);
    }
    expect(found).toEqual(['db1/daily/files/x']);
    expect([...closed].toSorted()).toEqual(['db1/linked', 'db2', 'db3', 'db4', 'lost+found']);
    expect(refused).toHaveLength(3);
    for (const error of refused)
      expect(describeError(error)).toMatch(/^Cannot (list|look at) .*no permission on /);
  });

  test('a failure after the file has appeared withdraws it, but not one that replaced another', async ({
    skip,
  }) => {
    if (process.geteuid?.() !== 0) return skip('becoming another user for a moment needs root');
    await store(destination, 'db1/status', 10, 1);
    const owned = ['..', '.', 'db1', 'db1/daily', 'db1/daily/files', 'db1/status'];
    await mkdir(join(backupDir, 'db1/daily/files'), { recursive: true });
    for (const path of owned) await chown(join(backupDir, path), 65_534, 65_534);
    await chmod(join(backupDir, '../../..'), 0o711);
    // Files can be made and renamed in it, but it cannot be opened to make their names durable.
    await chmod(join(backupDir, 'db1/daily/files'), 0o300);
    await chmod(join(backupDir, 'db1'), 0o300);
    process.seteuid?.(65_534);
    const failures: unknown[] = [];
    for (const key of ['db1/daily/files/x', 'db1/status'])
      failures.push(await store(destination, key, 20, 2).catch((error: unknown) => error));
    process.seteuid?.(0);
    for (const failure of failures) expect(describeError(failure)).toContain(`no permission on ${backupDir}`);
    expect(await listKeys(destination, '')).toEqual(['db1/status']);
    expect(await digestOf(destination, 'db1/status')).toBe(await digest(makeBytes(20, 2)));
    expect(await listPartials(backupDir, 'db1')).toEqual([]);
  });

  test('a backup folder below a file is told, and not taken for an empty one', async () => {
    const file = join(newFolder(), 'file');
    await writeFile(file, 'not a folder');
    const below = openFolder(join(file, 'backup'));
    const failure = await store(below, 'db1/status', 10, 1).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StorageError);
    expect(describeError(failure)).toContain('is not a folder');
    await expect(listKeys(below, '')).rejects.toThrow(/Cannot list .* is not a folder/);
    expect(await below.sweep('db1')).toEqual([]);
    await below.delete('db1/status');
    expect(await below.stat('db1/status')).toBeUndefined();
  });

  test('a backup folder that is a link works like the folder it leads to', async () => {
    const link = join(newFolder(), 'link');
    await mkdir(backupDir, { recursive: true });
    await symlink(backupDir, link);
    await store(openFolder(`${link}/`), 'db1/status', 10, 1);
    expect(openFolder(`${link}/`).locate('db1/status')).toBe(`${link}/db1/status`);
    expect(await listKeys(openFolder(link), '')).toEqual(['db1/status']);
    expect(await digestOf(destination, 'db1/status')).toBe(await digest(makeBytes(10, 1)));
  });

  test('lists a linked file, but enters no linked folder and lists nothing that lies outside a host', async () => {
    await store(destination, 'db1/daily/files/x', 10, 1);
    await writeFile(join(backupDir, 'notes.txt'), 'not a copy');
    await symlink(join(backupDir, 'db1'), join(backupDir, 'db1/daily/loop'));
    await symlink(join(backupDir, 'db1/daily/files/x'), join(backupDir, 'db1/daily/files/y'));
    await symlink('/nowhere', join(backupDir, 'db1/daily/files/broken'));
    expect(await listKeys(destination, '')).toEqual(['db1/daily/files/x', 'db1/daily/files/y']);
    expect((await destination.stat('db1/daily/files/y'))?.size).toBe(10);
  });

  test('enters the folder of a host that is a link of root or of us, and no link of others', async () => {
    await store(destination, 'db1/daily/files/x', 10, 1);
    const elsewhere = join(newFolder(), 'larger');
    await rename(join(backupDir, 'db1'), elsewhere);
    await symlink(elsewhere, join(backupDir, 'db1'));
    await symlink('/nowhere', join(backupDir, 'db2'));
    expect(await listKeys(destination, '')).toEqual(['db1/daily/files/x']);
    expect(await listKeys(destination, 'db1/')).toEqual(['db1/daily/files/x']);
    if (process.getuid?.() !== 0) return;
    await lchown(join(backupDir, 'db1'), 65_534, 65_534);
    expect(await listKeys(destination, '')).toEqual([]);
  });

  test('a refused key leaves nothing beside the backup folder either', async () => {
    await mkdir(backupDir, { recursive: true });
    for (const key of ['../x/y', '/x/y', 'db1/../../x/y', '.partial/x']) {
      await expect(store(destination, key, 10, 1)).rejects.toBeInstanceOf(StorageError);
    }
    await expect(destination.sweep('../a')).rejects.toBeInstanceOf(StorageError);
    await expect(destination.sweep('..')).rejects.toBeInstanceOf(StorageError);
    expect(await readdir(dirname(backupDir))).toEqual(['backup']);
    expect(await readdir(backupDir)).toEqual([]);
  });
});
