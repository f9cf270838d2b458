import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { useLab } from '../lab/lab.ts';
import { createSandbox, destinationSections, type Sandbox } from './cli.ts';
import { expectOneMessage } from './messages.ts';

const lab = useLab();
let sandbox: Sandbox;
let copies = '';
beforeEach(() => {
  sandbox = createSandbox();
  const sections = destinationSections('local', sandbox, lab);
  copies = String(sections['local']?.['backup_dir']);
  sandbox.configure({ ...sections, source: { backup_dirs: '/etc/twindb' } });
});
afterEach(() => sandbox[Symbol.dispose]());

/** Names only: what is refused is never read. */
function plant(key: string): string {
  return sandbox.file(join(copies.slice(sandbox.dir.length), hostname(), key), 'x');
}

describe('a copy that another command restores', () => {
  const FILES = 'daily/files/_etc-2026-01-31_00_00_01.tar.gz';
  const MYSQL = 'daily/mysql/mysql-2026-01-31_00_00_01.xbstream.gz';
  const BINLOG = 'binlog/mysql-bin.000001.gz';

  it.each([
    ['file', BINLOG, 'mysql-bin.000001', 'binlog'],
    ['file', BINLOG, 'mysql-bin.000001.gz', 'binlog'],
    ['file', BINLOG, `${hostname()}/binlog/mysql-bin.000001`, 'binlog'],
    ['mysql', BINLOG, 'mysql-bin.000001', 'binlog'],
    ['file', MYSQL, 'mysql-2026-01-31_00_00_01.xbstream.gz', 'mysql'],
    ['mysql', FILES, '_etc-2026-01-31_00_00_01.tar.gz', 'files'],
    ['binlog', FILES, '_etc-2026-01-31_00_00_01.tar.gz', 'files'],
    ['binlog', MYSQL, `${hostname()}/${MYSQL}`, 'mysql'],
  ])('restore %s of %s, called %s, names the command', async (command, key, wanted, media) => {
    plant(key);
    const right = media === 'files' ? 'file' : media;
    const asked = command === 'file' ? 'files' : command;
    expectOneMessage(await sandbox.run('restore', command, wanted, '--dst', join(sandbox.dir, 'dst')), {
      exitCode: 1,
      says: new RegExp(`^${wanted} is a copy of type ${media}, not ${asked}$`),
      remedy: new RegExp(`^Run: twindb-backup restore ${right} ${wanted} --dst DIR$`),
    });
  });

  it('a name that no copy has is none of any kind', async () => {
    plant(BINLOG);
    expectOneMessage(await sandbox.run('restore', 'file', 'mysql-bin.000002'), {
      exitCode: 1,
      says: /^There is no copy mysql-bin\.000002 on /,
    });
  });
});

it.each([
  ['restore', 'file', '--before', '2026-01-01'],
  ['restore', 'file', '--source', '/etc'],
  ['restore', 'file', '--hostname', 'db2'],
  ['restore', 'mysql', '--before', '2026-01-01'],
  ['restore', 'mysql', '--hostname', 'db2'],
  ['verify', 'file', '--source', '/etc'],
  ['verify', 'file', '--hostname', 'db2'],
])('%s %s of a named copy with %s is refused, as that would choose nothing', async (...words) => {
  const [command, kind, option, value] = words;
  const dst = command === 'restore' ? ['--dst', join(sandbox.dir, 'dst')] : [];
  expectOneMessage(await sandbox.run(command, kind, 'db1/daily/any', option, value, ...dst), {
    exitCode: 1,
    says: new RegExp(`^${option} is for "latest", and a copy is named; nothing was done$`),
  });
});

it.skipIf(process.getuid?.() !== 0).each(['a/b', '..', '.partial'])(
  'the host name %s, which no folder can have, is an error of configuration',
  async (name) => {
    // A machine of the test's own to the kernel, as far as its name goes; hostname(1) is stricter than that.
    const rename = 'echo "$0" >/proc/sys/kernel/hostname && exec "$@"';
    const unshare = ['unshare', '--uts', 'sh', '-c', rename, name] as const;
    const { result } = sandbox.startUnder(
      [...unshare],
      ['backup', '--lock-file', join(sandbox.dir, 'lock'), 'daily'],
    );
    expectOneMessage(await result, {
      exitCode: 78,
      says: /^The name of this machine, "\S+", cannot be that of a folder/,
      remedy: /^Give the machine another name: hostnamectl set-hostname NAME$/,
    });
    expect(name).not.toBe(hostname());
  },
);
