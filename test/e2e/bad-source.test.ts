import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useLab } from '../lab/lab.ts';
import { createSandbox, destinationSections, type Sandbox } from './cli.ts';
import { expectNoProcess, filesBelow } from './leftovers.ts';
import { expectOneMessage } from './messages.ts';

const lab = useLab();

type Sections = Readonly<Record<string, Readonly<Record<string, string | number>>>>;

/** Local copies below `copies`, second ones below `kept`. */
function configure(sandbox: Sandbox, dirs: readonly string[], more: Sections = {}): void {
  sandbox.configure({
    destination: { backup_destination: 'local', keep_local_path: join(sandbox.dir, 'kept') },
    local: { backup_dir: join(sandbox.dir, 'copies') },
    measures: { log: join(sandbox.dir, 'measures.log') },
    ...more,
    source: { backup_dirs: dirs.join(' '), ...more['source'] },
  });
}

/** Everything that a run has left at the destination and locally. */
const stored = ({ dir }: Sandbox) => [...filesBelow(join(dir, 'copies')), ...filesBelow(join(dir, 'kept'))];

describe.each(['local', 'ssh', 's3'] as const)('a directory that is missing, to %s', (kind) => {
  it('is one message and exit 1; the other directories are backed up', async () => {
    using sandbox = createSandbox();
    const others = ['one', 'two'].map((name) => join(sandbox.file(`${name}/file`, 'x'), '..'));
    const [first = '', second = ''] = others;
    configure(
      sandbox,
      [first, join(sandbox.dir, 'missing'), second],
      destinationSections(kind, sandbox, lab),
    );
    expectOneMessage(await sandbox.backup(), {
      exitCode: 1,
      says: /^Cannot back up \S+missing: it does not exist$/,
      remedy: /^Correct \[source\] backup_dirs/,
    });
    const { stdout } = await sandbox.run('ls');
    const names = others.map((path) => `${path.replaceAll('/', '_')}-`);
    expect(stdout.split('\n').filter((line) => names.some((name) => line.includes(name)))).toHaveLength(2);
    expect(stdout).not.toContain('_missing-');
  });
});

describe.concurrent('a directory in backup_dirs', () => {
  it('that is a symbolic link is refused, since its copy would be empty', async () => {
    using sandbox = createSandbox();
    sandbox.file('data/file', 'x');
    symlinkSync('data', join(sandbox.dir, 'link'));
    configure(sandbox, [join(sandbox.dir, 'link')]);
    expectOneMessage(await sandbox.backup(), {
      exitCode: 1,
      says: /^Cannot back up \S+link: it is a symbolic link to data, not a folder$/,
      remedy: /^Name the folder it points to in \[source\] backup_dirs/,
    });
    expect(stored(sandbox)).toEqual([]);
  });

  it('that lies in the folder of the copies is refused', async () => {
    using sandbox = createSandbox();
    sandbox.file('copies/inner/file', 'x');
    configure(sandbox, [join(sandbox.dir, 'copies/inner')]);
    expectOneMessage(await sandbox.backup(), {
      exitCode: 1,
      says: /^Cannot back up \S+inner: it lies in \S+copies, which holds the copies$/,
      remedy: /keep the copies elsewhere/,
    });
    expect(stored(sandbox)).toEqual(['inner/file']);
  });

  it('that holds the destination and keep_local_path is backed up without them', async () => {
    using sandbox = createSandbox();
    sandbox.file('copies/older', 'x');
    sandbox.file('kept/older', 'x');
    sandbox.file('data/file', 'x');
    configure(sandbox, [sandbox.dir]);
    expect(await sandbox.backup()).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    const [copy = ''] = filesBelow(join(sandbox.dir, 'copies')).filter((path) => path.endsWith('.tar.gz'));
    const members = execFileSync('tar', ['-tzf', join(sandbox.dir, 'copies', copy)]).toString();
    expect(members).toContain('data/file');
    expect(members).not.toMatch(/(copies|kept)\/older/);
  });
});

it('backup_mysql=yes without its defaults file fails the run, and the directories are backed up all the same', async () => {
  using sandbox = createSandbox();
  sandbox.file('data/file', 'x');
  configure(sandbox, [join(sandbox.dir, 'data')], {
    source: { backup_mysql: 'yes' },
    mysql: { mysql_defaults_file: join(sandbox.dir, 'none.cnf') },
  });
  expectOneMessage(await sandbox.backup(), {
    exitCode: 1,
    says: /^Cannot back up MySQL: Cannot read the option file .*none\.cnf: .*no such file/,
  });
  expect(stored(sandbox).filter((path) => path.includes('_data-'))).toHaveLength(2);
});

describe.concurrent('encryption that cannot be done: exit 1, why, and nothing is stored unencrypted', () => {
  it.each([
    [
      'a keyring that is missing',
      () => ({ recipient: lab.gpg.recipient, keyring: '/none.gpg' }),
      /cannot read \[gpg\] keyring \/none\.gpg/,
      /--import/,
    ],
    [
      'a recipient nobody knows',
      () => ({ recipient: 'who@lab.test', keyring: lab.gpg.keyring }),
      /\[gpg\] recipient who@lab\.test: no such key/,
      /^Import/m,
    ],
    [
      'a key that has expired',
      () => ({ recipient: lab.gpg.expiredRecipient, keyring: lab.gpg.keyring }),
      /\[gpg\] recipient \S+: its key has expired/,
      /^Import a valid public key/,
    ],
  ] as const)('%s', async (_case, gpg, reason, remedy) => {
    using sandbox = createSandbox();
    sandbox.file('data/file', 'x');
    configure(sandbox, [join(sandbox.dir, 'data')], { gpg: gpg() });
    const result = await sandbox.backup();
    expectOneMessage(result, { exitCode: 1, says: /^Cannot back up \S+data: /, remedy });
    expect(result.stderr).toMatch(reason);
    expect(stored(sandbox)).toEqual([]);
    expectNoProcess(join(sandbox.dir, 'data'));
  });
});

describe.concurrent('a program that is not installed: exit 1 and the Debian package, nothing stored', () => {
  it.each([
    ['pigz', 'pigz', {}],
    ['bzip2', 'bzip2', {}],
    ['lbzip2', 'lbzip2', {}],
    ['zstd', 'zstd', {}],
    ['gpg', 'gnupg', { gpg: { recipient: 'backup@lab.test' } }],
    ['tar', 'tar', {}],
  ])('%s', async (program, debianPackage, more) => {
    using sandbox = createSandbox();
    sandbox.file('data/file', 'x');
    const bin = join(sandbox.dir, 'bin');
    mkdirSync(bin);
    for (const installed of ['tar', 'gpg'].filter((name) => name !== program))
      symlinkSync(`/usr/bin/${installed}`, join(bin, installed));
    const compression = ['gpg', 'tar'].includes(program) ? 'gzip' : program;
    configure(sandbox, [join(sandbox.dir, 'data')], { compression: { program: compression }, ...more });
    const args = ['backup', '--lock-file', join(sandbox.dir, 'lock'), 'daily'];
    expectOneMessage(await sandbox.start(args, { PATH: bin }).result, {
      exitCode: 1,
      says: new RegExp(`^Cannot back up \\S+data: (.*: )?${program} is not installed$`),
      remedy: new RegExp(`^Install it: apt-get install ${debianPackage}$`),
    });
    expect(stored(sandbox)).toEqual([]);
    expectNoProcess(join(sandbox.dir, 'data'));
  });
});

it('a lock file in a folder that is absent: exit 1, which, and nothing stored', async () => {
  using sandbox = createSandbox();
  configure(sandbox, [sandbox.dir]);
  expectOneMessage(await sandbox.run('backup', '--lock-file', join(sandbox.dir, 'none/lock'), 'daily'), {
    exitCode: 1,
    says: /^Cannot take the lock \S+none\/lock\.lock: no such file or directory$/,
    remedy: /--lock-file/,
  });
  expect(stored(sandbox)).toEqual([]);
});
