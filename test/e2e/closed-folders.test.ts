import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { knownLine, type MortalSshd, makeSshd } from '../integration/ssh-server.ts';
import { useLab } from '../lab/lab.ts';
import { createSandbox, type Result, type Sandbox } from './cli.ts';
import { expectReadable } from './messages.ts';

const lab = useLab();
const NOBODY = 65_534;

let sandbox: Sandbox;
let sshd: MortalSshd | undefined;
/** The folder that is `backup_dir`. */
let disk: string;
/** Runs a command as the account of the backups. */
let run: (...args: string[]) => Promise<Result>;
beforeEach(() => {
  sandbox = createSandbox();
  disk = join(sandbox.dir, 'disk');
  mkdirSync(join(disk, 'lost+found'), { recursive: true });
  sandbox.file('src/a', 'hi');
});
afterEach(async () => {
  await sshd?.kill();
  sshd = undefined;
  rmSync(disk, { recursive: true, force: true });
  sandbox[Symbol.dispose]();
});

const common = () => ({
  source: { backup_dirs: join(sandbox.dir, 'src') },
  measures: { log: join(sandbox.dir, 'measures.log') },
});

/** Root whom the modes of files bind, and folders that another account has for itself. */
async function setUpLocal(): Promise<void> {
  sandbox.configure({
    ...common(),
    destination: { backup_destination: 'local' },
    local: { backup_dir: disk },
  });
  run = (...args) => sandbox.runBound(...args);
}

/** An account that may only use SFTP, and folders that root has for itself. */
async function setUpSsh(): Promise<void> {
  for (const each of [sandbox.dir, disk]) chmodSync(each, 0o755);
  const folder = join(sandbox.dir, 'sshd');
  mkdirSync(folder);
  // The folder of the lab may be closed to that account, as whom the server reads its keys.
  const keys = sandbox.file('sshd/authorized_keys', readFileSync(`${lab.ssh.key}.pub`));
  const lines = ['Match User nobody', `AuthorizedKeysFile ${keys}`, 'ForceCommand internal-sftp'];
  sshd = await makeSshd(lab.ssh, folder, lines);
  await sshd.start();
  const knownHosts = sandbox.file('known_hosts', knownLine(lab.ssh, sshd.port, 'ed25519'));
  chownSync(disk, NOBODY, NOBODY);
  sandbox.configure({
    ...common(),
    destination: { backup_destination: 'ssh' },
    ssh: {
      backup_host: '127.0.0.1',
      port: sshd.port,
      ssh_user: 'nobody',
      ssh_key: lab.ssh.key,
      known_hosts: knownHosts,
      backup_dir: disk,
    },
  });
  run = (...args) => sandbox.run(...args);
}

describe.skipIf(userInfo().uid !== 0).each([
  { kind: 'local', setUp: setUpLocal, stranger: NOBODY, own: 0 },
  { kind: 'ssh', setUp: setUpSsh, stranger: 0, own: NOBODY },
])('folders on $kind that the account may not enter', ({ setUp, stranger, own }) => {
  const close = (path: string) => {
    chownSync(join(disk, path), stranger, stranger);
    chmodSync(join(disk, path), 0o700);
  };
  const open = (path: string) => chownSync(join(disk, path), own, own);
  const backup = () => run('backup', '--lock-file', join(sandbox.dir, 'lock'), 'daily');
  beforeEach(async () => {
    await setUp();
    close('lost+found');
  });

  it('are named by ls and check, which go on; a restore by name looks only at the folder of this host', async () => {
    expect(await backup()).toMatchObject({ exitCode: 0, stderr: '' });
    const warning = `WARNING: Cannot enter ${disk}/lost+found: no permission. Copies in there, if any, are not listed\n`;
    const listed = await run('ls');
    expect(listed).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(warning) as unknown });
    const [copy = ''] = listed.stdout.split('\n');
    expect(copy).toContain(`${disk}/${hostname()}/daily/files/`);
    expect(await run('check')).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining(warning) as unknown,
    });
    const dst = join(sandbox.dir, 'restored');
    const restored = await run('restore', 'file', copy.slice(copy.lastIndexOf('/') + 1), '--dst', dst);
    expect(restored).toMatchObject({ exitCode: 0, stderr: '' });
    expect(readdirSync(join(dst, sandbox.dir, 'src'))).toEqual(['a']);
    expectReadable(listed);
  });

  it('make a copy of the status unreadable, not missing, and nothing is adopted or removed in its place', async () => {
    await backup();
    const files = `${hostname()}/daily/files`;
    close(files);
    const { exitCode, stdout, stderr } = await run('check', '--json');
    const { copies } = JSON.parse(stdout) as { copies: { state: string; reason: string | null }[] };
    expect(exitCode).toBe(1);
    expect(copies).toEqual([
      expect.objectContaining({
        state: 'unreadable',
        reason: expect.stringContaining('ermission') as unknown,
      }),
    ]);
    expect(stderr).toContain(`, ${disk}/${files}: no permission`);
    open(files);
    expect(await run('check')).toMatchObject({ exitCode: 0 });
  });

  it('keep nobody from the copies of the other hosts', async () => {
    await backup();
    mkdirSync(join(disk, 'db2'));
    writeFileSync(join(disk, 'db2/status'), 'no status of this host');
    close('db2');
    const { exitCode, stderr } = await run('check');
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining(`${disk}/db2, ${disk}/lost+found`)]);
  });

  it('are no host whose copies are missing: the folder of this host is an error', async () => {
    await backup();
    close(hostname());
    const { exitCode, stderr } = await run('check');
    expect(exitCode).toBe(1);
    expect(stderr).not.toContain('There is no copy and no status');
    expect(stderr).toMatch(/Cannot (read|open) .*status.*[Pp]ermission/);
    open(hostname());
  });
});
