import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, destinationSections, type LabKind, type Sandbox } from '../e2e/cli.ts';
import { configureLocal, listCopies, SILENT } from '../fixtures/backup-run.ts';
import { damage } from '../fixtures/mysql-copies.ts';
import { backUpHere } from '../fixtures/run-in-process.ts';
import { useLab } from '../lab/lab.ts';

const lab = useLab();
const { recipient, keyring, secretKeyring } = lab.gpg;
const gpg = { recipient, keyring, secret_keyring: secretKeyring };

let sandbox: Sandbox;
let source: string;
let dst: string;
beforeEach(() => {
  sandbox = createSandbox();
  source = join(sandbox.dir, 'source');
  dst = join(sandbox.dir, 'restored');
  sandbox.file('source/hosts', 'the hosts');
  sandbox.file('source/nginx/nginx.conf', 'a server');
  sandbox.file('source/nginx/sites/a.conf', 'a site');
  sandbox.file('source/large', Buffer.alloc(3 << 20, 'x'));
  linkSync(join(source, 'hosts'), join(source, 'zhosts'));
  chmodSync(join(source, 'nginx'), 0o711);
  if (process.getuid?.() === 0) chownSync(join(source, 'nginx'), 1234, 4321);
});
afterEach(() => sandbox[Symbol.dispose]());

const restore = (...args: string[]) => sandbox.run('restore', 'file', ...args, '--dst', dst);
/** Paths of the files below `dst`, as they were. */
const restored = () =>
  execFileSync('find', [dst, '-not', '-type', 'd'])
    .toString()
    .split('\n')
    .filter((path) => path !== '')
    .map((path) => path.slice(dst.length + source.length + 1))
    .toSorted();
const ownCopies = async () =>
  (await listCopies(sandbox)).filter((each) => each.includes(source.replaceAll('/', '_')));

describe.each([
  ['local', { program: 'gzip' }, {}],
  ['ssh', { program: 'zstd' }, { gpg }],
  ['s3', { program: 'gzip' }, { gpg }],
] as const satisfies readonly [LabKind, object, object][])(
  'paths of a copy on %s',
  (kind, compression, encryption) => {
    it('are restored alone, with the folders around them as they were, also of the latest copy', async () => {
      sandbox.configure({
        ...destinationSections(kind, sandbox, lab),
        ...encryption,
        compression,
        source: { backup_dirs: source },
        measures: { log: join(sandbox.dir, 'measures.log') },
      });
      expect(await sandbox.backup()).toEqual(SILENT);
      const [copy = ''] = await ownCopies();
      expect(await restore(copy, join(source, 'nginx/sites'), 'hosts')).toEqual(SILENT);
      expect(restored()).toEqual(['hosts', 'nginx/sites/a.conf']);
      expect(readFileSync(join(dst, source, 'hosts'), 'utf8')).toBe('the hosts');
      const [before, after] = [statSync(join(source, 'nginx')), statSync(join(dst, source, 'nginx'))];
      expect([after.mode, after.uid, after.gid]).toEqual([before.mode, before.uid, before.gid]);
      dst += '-latest';
      expect(await restore('latest', join(source, 'nginx/nginx.conf'))).toEqual(SILENT);
      expect(restored()).toEqual(['nginx/nginx.conf']);
    });
  },
);

describe('paths of a copy', () => {
  let copy: string;
  beforeEach(async () => {
    configureLocal(sandbox, [source]);
    expect(await sandbox.backup()).toEqual(SILENT);
    [copy = ''] = await ownCopies();
  });

  it('may be patterns', async () => {
    expect(await restore(copy, '--glob', '**/*.conf')).toEqual(SILENT);
    expect(restored()).toEqual(['nginx/nginx.conf', 'nginx/sites/a.conf']);
    dst += '2';
    expect((await restore(copy, '--glob', '*.conf')).stderr).toContain('does not have *.conf');
  });

  it('that are not there are an error with what comes near, and nothing is restored', async () => {
    const { exitCode, stderr } = await restore(copy, 'hosts', join(source, 'nginx/ngin.conf'));
    expect([exitCode, readdirSync(dst)]).toEqual([1, []]);
    expect(stderr).toContain(`does not have ${join(source, 'nginx/ngin.conf')}; nothing is restored`);
    expect(stderr).toContain(`Near are: ${join(source, 'nginx/nginx.conf')}. `);
  });

  it('may be either name of a hard link, which comes without the other one, or both', async () => {
    for (const name of ['hosts', 'zhosts']) {
      dst += name;
      expect(await restore(copy, name)).toEqual(SILENT);
      expect(restored()).toEqual([name]);
      expect(readFileSync(join(dst, source, name), 'utf8')).toBe('the hosts');
    }
    dst += '2';
    expect(await restore(copy, 'hosts', 'zhosts')).toEqual(SILENT);
    const [one, two] = ['hosts', 'zhosts'].map((name) => lstatSync(join(dst, source, name)).ino);
    expect(one).toBe(two);
  });

  it('may be a hard link to a file in another folder, of which nothing comes', async () => {
    mkdirSync(join(source, '0'));
    mkdirSync(join(source, 'z'));
    sandbox.file('source/0/1/file', 'linked');
    linkSync(join(source, '0/1/file'), join(source, 'z/file'));
    expect(await sandbox.backup('hourly')).toEqual(SILENT);
    for (const name of ['0/1/file', 'z/file']) {
      dst += name.replaceAll('/', '_');
      expect(await restore('latest', '--source', source, name)).toEqual(SILENT);
      expect(restored()).toEqual([name]);
      expect(readdirSync(join(dst, source))).toEqual([name.charAt(0)]);
    }
  });

  it('are not restored from a copy that is damaged behind them: the checksum is that of all bytes', async () => {
    const bytes = readFileSync(copy);
    damage(copy);
    expect(readFileSync(copy).equals(bytes)).toBe(false);
    const { exitCode, stderr } = await restore(copy, 'hosts');
    expect([exitCode, readdirSync(dst)]).toEqual([1, []]);
    expect(stderr).toContain('the copy is damaged');
  });

  it('need no room for the rest of the copy, and come from a copy without a status', async () => {
    execFileSync('find', [join(sandbox.dir, 'repository'), '-name', '*status*', '-delete']);
    const { exitCode } = await restore(copy, 'nginx/nginx.conf', '--accept-unauthenticated');
    expect([exitCode, restored()]).toEqual([0, ['nginx/nginx.conf']]);
    dst += '2';
    expect((await restore('latest', join(source, 'hosts'))).stderr).toContain('There is no copy of ');
  });
});

describe('the latest copy', () => {
  const days = (count: number) => () => new Date(Date.now() - count * 86_400_000);
  const day = (count: number) => days(count)().toISOString();
  let other: string;
  beforeEach(async () => {
    other = join(sandbox.dir, 'other');
    sandbox.file('other/file', 'in the other directory');
    configureLocal(sandbox, [source, other]);
    for (const age of [3, 1]) {
      writeFileSync(join(source, 'hosts'), `${age} days ago`);
      expect(await backUpHere(sandbox, 'daily', { now: days(age) })).toMatchObject({ returned: true });
    }
    mkdirSync(dst);
  });
  const hosts = () => readFileSync(join(dst, source, 'hosts'), 'utf8');

  it('is the newest that was finished before a time, and whose directory has the paths', async () => {
    expect(await restore('latest', join(source, 'hosts'))).toEqual(SILENT);
    expect(hosts()).toBe('1 days ago');
    dst += '2';
    expect(await restore('latest', '--before', day(2), join(source, 'hosts'))).toEqual(SILENT);
    expect(hosts()).toBe('3 days ago');
    dst += '3';
    const none = await restore('latest', '--before', day(4), join(source, 'hosts'));
    expect([none.exitCode, none.stderr]).toEqual([1, expect.stringContaining('Name a later time')]);
    expect(existsSync(dst)).toBe(false);
  });

  it('is of a directory with brackets in its name, which are a pattern only with --glob', async () => {
    const odd = join(sandbox.dir, 'other[1]');
    sandbox.file('other[1]/file', 'in brackets');
    configureLocal(sandbox, [source, other, odd]);
    expect(await sandbox.backup()).toEqual(SILENT);
    expect(await restore('latest', join(odd, 'file'))).toEqual(SILENT);
    expect(readFileSync(join(dst, odd, 'file'), 'utf8')).toBe('in brackets');
    dst += '2';
    expect(await restore('latest', '--glob', join(other, 'f[a-i]le'))).toEqual(SILENT);
    expect(existsSync(join(dst, other, 'file'))).toBe(true);
  });

  it('has to be one of a directory that is named or follows from the paths', async () => {
    const { exitCode, stderr } = await restore('latest');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('Name one with --source')]);
    expect(await restore('latest', '--source', `${other}/`)).toEqual(SILENT);
    expect(readFileSync(join(dst, other, 'file'), 'utf8')).toBe('in the other directory');
    const absent = await restore('latest', '/nowhere/file');
    expect(absent.stderr).toContain('There is no copy of a directory that holds /nowhere/file');
    expect(absent.stderr).toContain(`There are copies of ${[other, source].toSorted().join(', ')}.`);
  });
});
