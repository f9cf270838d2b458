import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { makeArchive } from '../fixtures/archive.ts';
import { configureLocal, SILENT } from '../fixtures/backup-run.ts';
import { adopt, checkCopies, layOut, PYTHON_REPOSITORY } from '../fixtures/check-run.ts';
import { forgeCopy, forgeStatus, withoutMac } from '../fixtures/forge.ts';
import { useLab } from '../lab/lab.ts';

// What somebody who may write to the destination does to copies of directories and their status, and what a restore makes of it.

let sandbox: Sandbox;
let dst: string;
beforeEach(() => {
  sandbox = createSandbox();
  sandbox.file('data/file', 'true');
  configure();
  dst = join(sandbox.dir, 'restored');
});
afterEach(() => sandbox[Symbol.dispose]());

const configure = (more: Parameters<typeof configureLocal>[2] = {}) =>
  configureLocal(sandbox, [join(sandbox.dir, 'data')], more);
const keyFile = () => join(sandbox.dir, 'integrity.key');
const EVIL = gzipSync(makeArchive([{ name: 'evil', content: 'evil' }]));

/** The key of the only copy in a place. */
async function keyOfCopy(place: 'local' | 'remote' = 'remote'): Promise<string> {
  const { stdout } = await sandbox.run('ls', '--json');
  const { copies } = JSON.parse(stdout) as { copies: { key: string; place: string }[] };
  const [copy, ...others] = copies.filter((each) => each.place === place);
  if (copy === undefined || others.length > 0) throw new Error(`not one copy: ${stdout}`);
  return copy.key;
}

async function backUpOnce(): Promise<string> {
  expect(await sandbox.backup()).toEqual(SILENT);
  return await keyOfCopy();
}

const restore = (key: string, ...options: string[]) =>
  sandbox.run('restore', 'file', key, '--dst', dst, ...options);

/** Gives this machine another key, as a new installation does. */
async function replaceKey(): Promise<string> {
  const old = readFileSync(keyFile(), 'utf8');
  writeFileSync(keyFile(), `20200101T000000Z-00000000 ${'00'.repeat(32)}\n`);
  return old;
}

async function expectRefused(key: string, reason: string | RegExp): Promise<void> {
  const { exitCode, stderr } = await restore(key);
  expect(stderr).toMatch(reason);
  expect(stderr).not.toMatch(/\bat .*\.(js|ts):\d+/);
  expect(exitCode).toBe(1);
  expect(existsSync(dst) ? readdirSync(dst) : []).toEqual([]);
}

describe('a copy that this machine has made', () => {
  it('is signed with the key that the first backup makes, and restored without a word', async () => {
    expect(existsSync(keyFile())).toBe(false);
    const key = await backUpOnce();
    expect(statSync(keyFile()).mode & 0o777).toBe(0o600);
    expect(await checkCopies(sandbox)).toMatchObject([{ key, state: 'listed' }]);
    expect((await restore(key)).stderr).not.toMatch(/WARNING|ERROR/);
  });

  it('is refused when object, size and checksum were changed together', async () => {
    const key = await backUpOnce();
    forgeCopy(sandbox, key, EVIL);
    await expectRefused(key, 'is not as this machine has signed it');
    const accepted = await restore(key, '--accept-unauthenticated');
    expect(accepted).toMatchObject({ exitCode: 1 });
    const [checked] = await checkCopies(sandbox);
    expect(checked).toMatchObject({ key, state: 'forged' });
    expect((await sandbox.run('check')).exitCode).toBe(1);
  });

  it('is refused when its entry has lost the signature, unless the operator accepts it', async () => {
    const key = await backUpOnce();
    forgeStatus(sandbox, 'files-status', withoutMac);
    await expectRefused(key, /is not signed, although it is newer than the key .*--accept-unauthenticated/s);
    const { exitCode, stderr } = await restore(key, '--accept-unauthenticated');
    expect(exitCode).toBe(0);
    expect(stderr).toContain('is not signed');
    expect(readdirSync(dst)).not.toEqual([]);
  });

  it('is refused when its entry, or the whole status, is gone', async () => {
    const key = await backUpOnce();
    for (const name of ['files-status', 'files-status.copy'])
      rmSync(join(sandbox.dir, 'repository', hostname(), name));
    writeFileSync(join(sandbox.dir, 'repository', key), EVIL);
    await expectRefused(key, 'has no entry in the status, although it is newer than the key');
  });

  it('is refused when its entry says that it is old, but its name does not', async () => {
    const key = await backUpOnce();
    forgeStatus(sandbox, 'files-status', (entry) => ({
      ...withoutMac(entry),
      backup_started: 1,
      backup_finished: 2,
    }));
    await expectRefused(key, 'newer than the key');
  });

  it('is refused under the name of another copy', async () => {
    const key = await backUpOnce();
    const other = key.replace(/\d\d_\d\d_\d\d\.tar/, '00_00_00.tar');
    forgeStatus(sandbox, 'files-status', (entry) => entry);
    renameSync(join(sandbox.dir, 'repository', key), join(sandbox.dir, 'repository', other));
    const file = join(sandbox.dir, 'repository', hostname(), 'files-status');
    const { status } = JSON.parse(readFileSync(file, 'utf8')) as { status: string };
    const content = Buffer.from(status, 'base64').toString().replaceAll(key, other);
    expect(content).toContain(other);
    const bare = Buffer.from(content).toString('base64');
    writeFileSync(file, bare);
    writeFileSync(`${file}.copy`, bare);
    await expectRefused(other, 'is not as this machine has signed it');
  });

  it('is taken from keep_local_path when the one on the destination was changed, and the other way round', async () => {
    configure({ destination: { keep_local_path: join(sandbox.dir, 'kept') } });
    expect(await sandbox.backup()).toEqual(SILENT);
    const key = await keyOfCopy('remote');
    for (const place of ['repository', 'kept']) {
      const whole = readFileSync(join(sandbox.dir, place, key));
      const names = ['files-status', 'files-status.copy'].map((name) =>
        join(sandbox.dir, place, hostname(), name),
      );
      const statuses = names.map((name) => readFileSync(name));
      forgeCopy(sandbox, key, EVIL, { place });
      const { exitCode, stderr } = await restore(key);
      expect(exitCode).toBe(0);
      expect(stderr).toContain('is not as this machine has signed it');
      expect(stderr).toContain('The copy in the other place is used');
      expect(readFileSync(join(dst, sandbox.dir.slice(1), 'data/file'), 'utf8')).toBe('true');
      rmSync(dst, { recursive: true });
      writeFileSync(join(sandbox.dir, place, key), whole);
      names.forEach((name, index) => writeFileSync(name, statuses[index] ?? ''));
    }
  });
});

describe('a status that cannot be read', () => {
  it('is the reason that the restore of its copies gives', async () => {
    const key = await backUpOnce();
    for (const name of ['files-status', 'files-status.copy'])
      writeFileSync(join(sandbox.dir, 'repository', hostname(), name), 'junk');
    await expectRefused(key, /cannot be compared with its status \(its status is damaged\).*Try again/s);
  });
});

describe('a copy without a checksum that was there before the key', () => {
  it('is unproven although its entry is signed, and refused where proof is required', async () => {
    const key = await backUpOnce();
    rmSync(keyFile());
    forgeStatus(sandbox, 'files-status', ({ mac: _mac, sha256: _sha256, size: _size, ...entry }) => entry);
    expect((await sandbox.backup('weekly')).exitCode).toBe(0);
    writeFileSync(join(sandbox.dir, 'repository', key), EVIL);
    const { exitCode, stderr } = await restore(key);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('cannot be verified: its entry cannot be understood');
    rmSync(dst, { recursive: true });
    configure({ integrity: { require: 'yes' } });
    await expectRefused(key, 'has a signed entry without a checksum');
  });
});

describe('a copy whose entry was taken away', () => {
  it('is called unlisted by check, with the doubt', async () => {
    const key = await backUpOnce();
    forgeStatus(sandbox, 'files-status', () => undefined);
    const { stdout } = await sandbox.run('check');
    expect(stdout).toMatch(
      /: not in the status, whole: it has no entry in the status, although it is newer than the key/,
    );
    expect(stdout).toContain(key);
  });
});

describe('an unsigned copy in keep_local_path', () => {
  it('does not stand in for one on the destination that is proven', async () => {
    // A key from tomorrow: what it has not signed counts as older.
    writeFileSync(keyFile(), `29991231T000000Z-00000000 ${'00'.repeat(32)}\n`, { mode: 0o600 });
    configure({ destination: { keep_local_path: join(sandbox.dir, 'kept') } });
    expect((await sandbox.backup()).stderr).toMatch(/^WARNING: The oldest key in .* is dated in the future/);
    const key = await keyOfCopy('remote');
    forgeCopy(sandbox, key, EVIL, { place: 'kept' });
    forgeStatus(sandbox, 'files-status', withoutMac, { place: 'kept' });
    const { exitCode, stderr } = await restore(key);
    expect(exitCode).toBe(0);
    expect(stderr).not.toContain('evil');
    expect(readdirSync(dst)).not.toContain('evil');
  });
});

describe('the key of an earlier installation', () => {
  it('is asked for when a copy is signed with it, and good when its line is added', async () => {
    const key = await backUpOnce();
    const old = await replaceKey();
    await expectRefused(
      key,
      /is signed with the key \S+, and .* does not have that key.*add the line of that key/s,
    );
    writeFileSync(keyFile(), readFileSync(keyFile(), 'utf8') + old);
    const { exitCode, stderr } = await restore(key);
    expect(exitCode).toBe(0);
    expect(stderr).not.toMatch(/WARNING/);
  });

  it('does not let the next backup sign what is there', async () => {
    const key = await backUpOnce();
    const old = readFileSync(keyFile(), 'utf8');
    rmSync(keyFile());
    const { exitCode, stderr } = await sandbox.backup('weekly');
    expect(exitCode).toBe(0);
    expect(stderr).toContain('add the line of that key to the file');
    writeFileSync(keyFile(), readFileSync(keyFile(), 'utf8') + old);
    const states = (await checkCopies(sandbox)).map((each) => [each.key, each.state]);
    expect(states).toContainEqual([key, 'listed']);
    expect(states).toHaveLength(2);
  });

  it('is not needed by a machine that has none: one warning', async () => {
    const key = await backUpOnce();
    rmSync(keyFile());
    const { exitCode, stderr } = await restore(key);
    expect(exitCode).toBe(0);
    expect(stderr.match(/WARNING/g)).toHaveLength(1);
    expect(stderr).toContain(`there is no key ${keyFile()} here`);
    expect(existsSync(keyFile())).toBe(false);
  });
});

describe('the first backup that makes a key', () => {
  it('signs the entries of copies that are there, and says how many; those that appear later it does not', async () => {
    const key = await backUpOnce();
    rmSync(keyFile());
    forgeStatus(sandbox, 'files-status', withoutMac);
    const { exitCode, stderr } = await sandbox.backup('weekly');
    expect(exitCode).toBe(0);
    expect(stderr).toContain(
      `Made the key ${keyFile()}, which signs the entries of copies in the status, and signed the one that was there`,
    );
    expect((await restore(key)).stderr).not.toMatch(/WARNING|ERROR/);
    rmSync(dst, { recursive: true });
    forgeStatus(sandbox, 'files-status', withoutMac);
    expect(await sandbox.backup('monthly')).toEqual(SILENT);
    const weekly = (await checkCopies(sandbox)).find((each) => each.key.includes('/weekly/'));
    await expectRefused(weekly?.key ?? '', 'is not signed');
  });

  it('goes on without one where none can be made, with a warning', async () => {
    const key_file = join(sandbox.dir, 'data/file/integrity.key');
    configure({ integrity: { key_file } });
    const { exitCode, stderr } = await sandbox.backup();
    expect(exitCode).toBe(0);
    expect(stderr).toContain(
      `WARNING: Copies are not signed, so that one that somebody changes is not noticed: Cannot make the integrity key ${key_file}: not a directory`,
    );
    expect(await sandbox.backup('weekly')).toEqual(SILENT);
  });

  it('makes copies with a key file that cannot be used, which are not signed, and fails', async () => {
    writeFileSync(keyFile(), 'damaged\n', { mode: 0o600 });
    const { exitCode, stderr } = await sandbox.backup();
    expect(exitCode).toBe(1);
    expect(stderr).toContain('The copies of this run are not signed');
    expect(stderr).toContain(`${keyFile()}: line 1 is not an ID and a key of 64 hex digits`);
    const key = await keyOfCopy();
    expect(await restore(key)).toMatchObject({
      exitCode: 78,
      stderr: expect.stringContaining('line 1 is not an ID') as string,
    });
    expect((await restore(key, '--accept-unauthenticated')).exitCode).toBe(0);
    expect((await sandbox.run('check')).stderr).toContain('line 1 is not an ID');
  });
});

describe('a copy of others', () => {
  it('is restored with one warning, and refused where proof is required', async () => {
    await backUpOnce();
    layOut(sandbox, PYTHON_REPOSITORY, 'web1');
    const { stdout } = await sandbox.run('ls', '--type', 'files');
    const copy = stdout.split('\n').find((line) => line.includes('/web1/')) ?? '';
    const { exitCode, stderr } = await restore(copy);
    expect(exitCode).toBe(0);
    expect(stderr.match(/WARNING/g)).toHaveLength(1);
    rmSync(dst, { recursive: true });
    configure({ integrity: { require: 'yes' } });
    await expectRefused(copy, 'it is of another host');
  });

  it('is not signed by check --adopt', async () => {
    const key = await backUpOnce();
    for (const name of ['files-status', 'files-status.copy'])
      rmSync(join(sandbox.dir, 'repository', hostname(), name));
    expect((await adopt(sandbox, hostname())).exitCode).toBe(0);
    await expectRefused(key, 'is not signed, although it is newer than the key');
    expect(await checkCopies(sandbox)).toMatchObject([{ key, state: 'unsigned' }]);
  });
});

describe('with [gpg]', () => {
  it('a copy on the destination that is not encrypted is refused, and the one in keep_local_path is not', async () => {
    const { gpg } = useLab();
    const key = await backUpOnce();
    forgeStatus(sandbox, 'files-status', withoutMac);
    rmSync(keyFile());
    const encryption = { recipient: gpg.recipient, keyring: gpg.keyring, secret_keyring: gpg.secretKeyring };
    configure({ gpg: encryption });
    await expectRefused(key, 'is not encrypted, although [gpg] is configured, and is not signed');
    expect((await restore(key, '--accept-unauthenticated')).exitCode).toBe(0);
    rmSync(dst, { recursive: true });
    renameSync(join(sandbox.dir, 'repository'), join(sandbox.dir, 'kept'));
    configure({ gpg: encryption, destination: { keep_local_path: join(sandbox.dir, 'kept') } });
    expect((await restore(key)).exitCode).toBe(0);
  });
});
