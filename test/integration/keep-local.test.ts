import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flipBit } from '../contract/compressor.ts';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { expectOneMessage } from '../e2e/messages.ts';
import { configureLocal, listCopies, SILENT } from '../fixtures/backup-run.ts';
import { makeImmovable } from '../fixtures/immovable.ts';
import { useLab } from '../lab/lab.ts';

const lab = useLab();
const { gpg } = lab;
const isRoot = process.getuid?.() === 0;

let sandbox: Sandbox;
let source: string;
let kept: string;
let remote: string;
beforeEach(() => {
  sandbox = createSandbox();
  source = join(sandbox.dir, 'source');
  kept = join(sandbox.dir, 'kept');
  remote = join(sandbox.dir, 'repository');
  sandbox.file('source/file', 'content');
});
afterEach(() => sandbox[Symbol.dispose]());

const configure = (more: Parameters<typeof configureLocal>[2] = {}) =>
  configureLocal(sandbox, [source], {
    destination: { keep_local_path: kept },
    gpg: { recipient: gpg.recipient, keyring: gpg.keyring, secret_keyring: gpg.secretKeyring },
    ...more,
  });
const files = (dir: string) =>
  execFileSync('find', [dir, '-type', 'f', '-path', '*/files/*', '-printf', '%P\\n'])
    .toString()
    .split('\n')
    .filter((path) => path !== '');
const restore = async (copy: string) => {
  const dst = join(sandbox.dir, 'restored');
  rmSync(dst, { recursive: true, force: true });
  const result = await sandbox.run('restore', 'file', copy, '--dst', dst);
  return {
    ...result,
    content: result.exitCode === 0 ? readFileSync(join(dst, source, 'file'), 'utf8') : undefined,
  };
};
const listed = (dir: string) => {
  const envelope = JSON.parse(readFileSync(join(dir, hostname(), 'files-status'), 'utf8')) as {
    status: string;
  };
  const content = JSON.parse(Buffer.from(envelope.status, 'base64').toString()) as {
    daily: Record<string, { sha256: string; size: number; chain: string[] }>;
  };
  return Object.entries(content.daily);
};

describe('keep_local_path that is the destination', () => {
  const refusal = {
    exitCode: 78,
    says: /^Nothing was backed up: .* keep_local_path .* is the destination .* itself$/,
    remedy: /Name another folder/,
  };

  it.skipIf(!isRoot)('by a bind mount or a link is refused before anything is removed', async () => {
    configureLocal(sandbox, [source], {
      destination: { keep_local_path: kept },
      retention_local: { daily_copies: 0 },
    });
    expect(await sandbox.backup()).toEqual(SILENT);
    const before = files(remote);
    rmSync(kept, { recursive: true });
    mkdirSync(kept);
    execFileSync('mount', ['--bind', remote, kept]);
    try {
      expectOneMessage(await sandbox.backup(), refusal);
    } finally {
      execFileSync('umount', [kept]);
    }
    rmSync(kept, { recursive: true });
    symlinkSync(remote, kept);
    expectOneMessage(await sandbox.backup(), refusal);
    expect(files(remote)).toEqual(before);
    expect(readdirSync(join(remote, hostname())).toSorted()).toEqual([
      'daily',
      'files-status',
      'files-status.copy',
    ]);
  });

  it('by SSH to this machine is refused', async () => {
    const { ssh } = lab;
    const folder = join(ssh.root, `same-${process.pid}`);
    sandbox.configure({
      source: { backup_dirs: source },
      destination: { backup_destination: 'ssh', keep_local_path: folder },
      ssh: {
        backup_host: ssh.host,
        port: ssh.port,
        ssh_user: ssh.user,
        ssh_key: ssh.key,
        known_hosts: ssh.knownHosts,
        backup_dir: folder,
      },
      measures: { log: join(sandbox.dir, 'measures.log') },
    });
    expectOneMessage(await sandbox.backup(), refusal);
    rmSync(folder, { recursive: true });
  });
});

describe('keep_local_path', () => {
  it('gets the copy before encryption, under its true key, with a status of its own', async () => {
    configure();
    expect(await sandbox.backup()).toEqual(SILENT);
    const [[localKey, local] = [], ...others] = listed(kept);
    const [[remoteKey, encrypted] = []] = listed(remote);
    expect(others).toEqual([]);
    expect(remoteKey).toBe(`${localKey}.gpg`);
    expect(files(kept)).toEqual([localKey]);
    expect(files(remote)).toEqual([remoteKey]);
    const bytes = readFileSync(join(kept, localKey ?? ''));
    expect(local).toMatchObject({
      chain: ['.gz'],
      size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
    expect(encrypted?.chain).toEqual(['.gz', '.gpg']);
    expect(encrypted?.sha256).not.toBe(local?.sha256);
    expect(execFileSync('tar', ['-tzf', join(kept, localKey ?? '')]).toString()).toContain('source/file');
  });

  it('is what a restore uses while it is whole, whichever of the two copies is named', async () => {
    configure();
    expect(await sandbox.backup()).toEqual(SILENT);
    const [local = '', encrypted = ''] = await listCopies(sandbox);
    expect([local.startsWith(kept), encrypted.endsWith('.gpg')]).toEqual([true, true]);
    // Nothing can be read from this one.
    truncateSync(encrypted, 10);
    for (const name of [local, encrypted]) {
      expect(await restore(name)).toEqual({ ...SILENT, content: 'content' });
    }
  });

  it.each([
    ['cut short', (file: string) => truncateSync(file, 20)],
    ['empty', (file: string) => truncateSync(file, 0)],
    ['damaged in its middle', (file: string) => writeFileSync(file, flipBit(readFileSync(file), 60, 2))],
  ])('is passed over with a warning when it is %s', async (_, damage) => {
    configure();
    expect(await sandbox.backup()).toEqual(SILENT);
    const [local = ''] = await listCopies(sandbox);
    damage(local);
    const { exitCode, stderr, content } = await restore(local);
    expect([exitCode, content]).toEqual([0, 'content']);
    expect(stderr).toContain(`WARNING: Cannot restore ${local}`);
    expect(stderr).toContain('Trying the next place that has this copy');
  });

  it('is not missed when it has gone', async () => {
    configure();
    expect(await sandbox.backup()).toEqual(SILENT);
    const [local = ''] = await listCopies(sandbox);
    rmSync(local);
    expect(await restore(local)).toEqual({ ...SILENT, content: 'content' });
  });

  it.each([
    [0, 3],
    [1, 3],
    [3, 1],
  ])('keeps %i copies while the destination keeps %i', async (ours, theirs) => {
    configure({ retention: { daily_copies: theirs }, retention_local: { daily_copies: ours } });
    for (let run = 0; run < 3; run++) expect(await sandbox.backup()).toEqual(SILENT);
    expect([files(kept).length, files(remote).length]).toEqual([ours, theirs]);
    expect([listed(kept).length, listed(remote).length]).toEqual([ours, theirs]);
  });

  it.skipIf(!isRoot)(
    'does not grow while the destination cannot remove one copy, which each run says once',
    async () => {
      configure({ retention: { daily_copies: 1 }, retention_local: { daily_copies: 1 } });
      expect(await sandbox.backup()).toEqual(SILENT);
      using _stuck = makeImmovable(join(remote, files(remote)[0] ?? ''));
      for (let run = 0; run < 3; run++) {
        expectOneMessage(await sandbox.backup(), {
          exitCode: 1,
          says: /^Cannot remove 1 expired copies from /,
        });
        // What a run expires after it was refused once goes at the beginning of the next one.
        expect(files(kept).length).toBeLessThanOrEqual(2);
        expect(listed(kept)).toHaveLength(1);
      }
    },
  );

  it('without encryption has the same bytes as the destination', async () => {
    configureLocal(sandbox, [source], { destination: { keep_local_path: kept } });
    expect(await sandbox.backup()).toEqual(SILENT);
    expect(files(kept)).toEqual(files(remote));
    expect(listed(kept)).toEqual(listed(remote));
  });
});

describe('a keep_local_path that cannot take the copy fails the run and leaves nothing at the destination', () => {
  const expectNothing = async (reason: string) => {
    const { exitCode, stdout, stderr } = await sandbox.backup();
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`Cannot back up ${source}`);
    expect(stderr).toContain(reason);
    expect(files(remote)).toEqual([]);
    expect(files(kept)).toEqual([]);
    const run = JSON.parse((await sandbox.run('status', '--type', 'files')).stdout) as { daily: object };
    expect(run.daily).toEqual({});
  };
  const mount = (options: string) =>
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', kept], { stdio: 'ignore' });

  beforeEach(() => {
    mkdirSync(kept);
    mkdirSync(remote);
  });
  afterEach(() => {
    if (readFileSync('/proc/mounts', 'utf8').includes(` ${kept} `)) execFileSync('umount', ['--lazy', kept]);
  });

  it('when it is no folder', async () => {
    rmSync(kept, { recursive: true });
    writeFileSync(kept, 'a file');
    configure();
    const { exitCode, stderr } = await sandbox.backup();
    expect(exitCode).toBe(1);
    expect(stderr).toContain('is not a folder');
    expect(files(remote)).toEqual([]);
  });

  it.skipIf(!isRoot)('when it is full', async () => {
    mount('size=1m');
    execFileSync('sh', ['-c', 'head -c 3000000 /dev/urandom >"$1"', 'sh', join(source, 'random')]);
    configure();
    await expectNothing('no space left');
    expect(statSync(kept).isDirectory()).toBe(true);
    expect(readdirSync(join(kept, hostname()))).toEqual([]);
  });

  it.skipIf(!isRoot)('when it is read-only', async () => {
    mount('ro');
    configure();
    await expectNothing('is read-only');
  });
});
