import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { configureLocal, listCopies, restoreOnly, SILENT } from '../fixtures/backup-run.ts';
import { findAgents } from '../fixtures/gnupg.ts';
import { useLab } from '../lab/lab.ts';

const { gpg } = useLab();
const encryption = { recipient: gpg.recipient, keyring: gpg.keyring, secret_keyring: gpg.secretKeyring };

let sandbox: Sandbox;
let source: string;
let temporary: string;
beforeEach(() => {
  sandbox = createSandbox();
  source = join(sandbox.dir, 'source');
  temporary = join(sandbox.dir, 'tmp');
  mkdirSync(temporary);
  sandbox.file('source/file', 'content');
});
afterEach(() => sandbox[Symbol.dispose]());

/** Restores the only copy there is, on a machine that has no GnuPG home, and expects nothing to be left of gpg. */
const restoreElsewhere = async () => {
  const [copy = ''] = await listCopies(sandbox);
  const dst = join(sandbox.dir, 'restored');
  const home = { HOME: join(sandbox.dir, 'home'), TMPDIR: temporary };
  const result = await sandbox.start(['restore', 'file', copy, '--dst', dst], home).result;
  expect(readdirSync(temporary)).toEqual([]);
  expect(findAgents(temporary)).toEqual([]);
  return { ...result, file: join(dst, source, 'file'), left: readdirSync(dst) };
};

describe('an encrypted copy', () => {
  it('comes back with the configured secret keyring, where there is no GnuPG home', async () => {
    configureLocal(sandbox, [source], { gpg: encryption });
    expect(await sandbox.backup()).toEqual(SILENT);
    const { file, left: _, ...result } = await restoreElsewhere();
    expect(result).toEqual(SILENT);
    expect(readFileSync(file, 'utf8')).toBe('content');
  });

  it('comes back after the configuration has changed to another compressor and recipient', async () => {
    configureLocal(sandbox, [source], { gpg: encryption, compression: { program: 'bzip2' } });
    expect(await sandbox.backup()).toEqual(SILENT);
    const changed = { ...encryption, recipient: gpg.otherRecipient };
    configureLocal(sandbox, [source], { gpg: changed, compression: { program: 'zstd' } });
    expect(await restoreOnly(sandbox, join(sandbox.dir, 'restored'))).toEqual(SILENT);
  });

  it('for someone else is an error that says what to do, and leaves an empty folder', async () => {
    configureLocal(sandbox, [source], { gpg: { ...encryption, recipient: gpg.otherRecipient } });
    expect(await sandbox.backup()).toEqual(SILENT);
    const { exitCode, stdout, stderr, left } = await restoreElsewhere();
    expect([exitCode, stdout, left]).toEqual([1, '', []]);
    expect(stderr).toContain(`is not in ${gpg.secretKeyring}`);
    expect(stderr).not.toContain('damaged');
  });

  it('is never stored as anything else: without a usable key the run fails and stores nothing', async () => {
    for (const broken of [
      { keyring: '/nonexistent' },
      { recipient: 'no@one' },
      { recipient: gpg.expiredRecipient },
    ]) {
      configureLocal(sandbox, [source], { gpg: { ...encryption, ...broken } });
      const { exitCode, stdout, stderr } = await sandbox.backup();
      expect([exitCode, stdout]).toEqual([1, '']);
      expect(stderr).toContain('Cannot encrypt');
      expect(await listCopies(sandbox)).toEqual([]);
    }
  });
});

describe('a restore of an encrypted copy that is killed', () => {
  /** Folders that hold secret keys in the clear, of one process. */
  const homesOf = (pid: number | undefined) =>
    ['/dev/shm', '/tmp'].flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.startsWith('twindb-gpg-') && name.split('-')[5] === String(pid))
        .map((name) => join(folder, name)),
    );

  it('leaves keys and an agent that the next restore removes', async () => {
    sandbox.file('source/more', randomBytes(1 << 20));
    configureLocal(sandbox, [source], { gpg: encryption, compression: { program: 'zstd' } });
    expect(await sandbox.backup()).toEqual(SILENT);
    const [copy = ''] = await listCopies(sandbox);
    const restore = (dst: string) => ['restore', 'file', copy, '--dst', join(sandbox.dir, dst)];
    // A decompressor that neither reads nor ends keeps gpg and its home.
    const gate = sandbox.file('gate', '');
    const script = `#!/bin/sh\nwhile [ -e '${gate}' ]; do sleep 0.1; done\n`;
    chmodSync(sandbox.file('bin/zstd', script), 0o755);
    const { child, result } = sandbox.start(restore('killed'), {
      PATH: `${join(sandbox.dir, 'bin')}:${process.env['PATH']}`,
    });
    const agents = () => homesOf(child.pid).flatMap(findAgents);
    await expect.poll(agents, { timeout: 10_000 }).toHaveLength(1);
    const [home = ''] = homesOf(child.pid);
    // While its owner lives another restore leaves it alone.
    expect(await sandbox.start(restore('other'), {}).result).toEqual(SILENT);
    expect(agents()).toHaveLength(1);
    child.kill('SIGKILL');
    await result;
    expect(homesOf(child.pid)).toEqual([home]);

    expect(await sandbox.start(restore('next'), {}).result).toEqual(SILENT);
    expect(homesOf(child.pid)).toEqual([]);
    await expect.poll(() => findAgents(home), { timeout: 10_000 }).toEqual([]);
  });
});
