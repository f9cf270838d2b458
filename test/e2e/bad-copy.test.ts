import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useLab } from '../lab/lab.ts';
import { createSandbox, destinationSections, type Sandbox } from './cli.ts';
import { filesBelow } from './leftovers.ts';
import { expectOneMessage, expectReadable } from './messages.ts';
import { mountSmallDisk } from './small-disk.ts';

const lab = useLab();
const host = hostname();

type Sections = Readonly<Record<string, Readonly<Record<string, string>>>>;

const FORMATS: Readonly<Record<string, () => Sections>> = {
  gz: () => ({ compression: { program: 'gzip' } }),
  zst: () => ({ compression: { program: 'zstd' } }),
  gpg: () => ({
    gpg: { recipient: lab.gpg.recipient, keyring: lab.gpg.keyring, secret_keyring: lab.gpg.secretKeyring },
  }),
};

/** A sandbox with one local copy of 300 kB; gives the copy's key. */
async function makeCopy(sandbox: Sandbox, more: Sections = {}): Promise<string> {
  sandbox.file('data/numbers', Buffer.from(Array.from({ length: 60_000 }, (_, n) => n * n).join(' ')));
  sandbox.configure({
    source: { backup_dirs: join(sandbox.dir, 'data') },
    destination: { backup_destination: 'local' },
    local: { backup_dir: join(sandbox.dir, 'copies') },
    measures: { log: join(sandbox.dir, 'measures.log') },
    ...more,
  });
  const { exitCode, stderr } = await sandbox.backup();
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const [key = ''] = filesBelow(join(sandbox.dir, 'copies')).filter((path) => path.includes('/files/'));
  return key;
}

const restore = (sandbox: Sandbox, copy: string, dst: string) =>
  sandbox.run('restore', 'file', copy, '--dst', dst);

const DAMAGES: Readonly<Record<string, (copy: Buffer) => Buffer>> = {
  'with a byte flipped': (copy) => {
    const at = copy.length >> 1;
    return Buffer.concat([copy.subarray(0, at), Buffer.of((copy[at] ?? 0) ^ 1), copy.subarray(at + 1)]);
  },
  'cut short': (copy) => copy.subarray(0, -100),
  'cut to nothing': () => Buffer.alloc(0),
  'with bytes behind its end': (copy) => Buffer.concat([copy, Buffer.alloc(100, 'x')]),
};

describe.each(Object.keys(FORMATS))('a %s copy', (format) => {
  const sandbox = createSandbox();
  let key = '';
  beforeAll(async () => {
    key = await makeCopy(sandbox, FORMATS[format]?.());
  });
  afterAll(() => sandbox[Symbol.dispose]());

  it.each(Object.keys(DAMAGES))(
    '%s is refused with exit 1 and leaves --dst empty, listed or not',
    async (damage) => {
      const copies = join(sandbox.dir, 'copies');
      const copy = readFileSync(join(copies, key));
      const spoilt = DAMAGES[damage]?.(copy) ?? copy;
      // As found: in the status of its host; and as another host's, which has none.
      const keys = { listed: key, unlisted: key.replace(host, 'stranger') };
      mkdirSync(join(copies, keys.unlisted, '..'), { recursive: true });
      for (const each of Object.values(keys)) writeFileSync(join(copies, each), spoilt);
      const [listed, unlisted] = await Promise.all(
        Object.entries(keys).map(([name, each]) =>
          restore(sandbox, join(copies, each), join(sandbox.dir, name)),
        ),
      );
      writeFileSync(join(copies, key), copy);
      if (!listed || !unlisted) throw new Error('unreachable');

      expectOneMessage(listed, {
        exitCode: 1,
        says: /^Cannot restore \S+: the copy is damaged: it(s SHA-256 is \w+, the status says \w+| has \d+ bytes, the status says \d+)$/,
        remedy: /^Restore another one; twindb-backup ls shows them\.$/,
      });
      expectOneMessage(unlisted, {
        exitCode: 1,
        says: /^Cannot restore \S+stranger\S+: /,
        warnings: 1,
        remedy: /another one; twindb-backup ls shows them\.$|gpg|key/m,
      });
      expect(unlisted.stderr).toMatch(
        /^WARNING: The checksum of \S+ cannot be verified: no status lists it$/m,
      );
      expect(readdirSync(join(sandbox.dir, 'listed'))).toEqual([]);
      expect(readdirSync(join(sandbox.dir, 'unlisted'))).toEqual([]);
    },
  );
});

describe('restore', () => {
  const sandbox = createSandbox();
  let key = '';
  beforeAll(async () => {
    key = await makeCopy(sandbox);
    const foreign = join(sandbox.dir, 'copies', key.replace(host, 'otherhost'));
    cpSync(join(sandbox.dir, 'copies', key), foreign, { recursive: true });
  });
  afterAll(() => sandbox[Symbol.dispose]());

  it.each([
    ['a path', () => join(sandbox.dir, 'copies', key.replace('daily', 'weekly'))],
    ['a key', () => key.replace('daily', 'weekly')],
    ['a name', () => '_none-2026-01-01_00_00_00.tar.gz'],
    ['nonsense', () => ''],
    ['a climbing path', () => '../../etc/passwd'],
  ])(
    'of a copy that does not exist, given %s: exit 1, its name, and how to see the others',
    async (_case, copy) => {
      const dst = join(sandbox.dir, 'untouched');
      const result = await restore(sandbox, copy(), dst);
      expectOneMessage(result, {
        exitCode: 1,
        says: /^There is no copy .* on \S+copies$/,
        remedy: /^twindb-backup ls shows the copies there are\.$/,
      });
      expect(existsSync(dst)).toBe(false);
    },
  );

  it('of a name that this host and another one have: the copy of this host', async () => {
    const dst = join(sandbox.dir, 'own');
    expect(await restore(sandbox, basename(key), dst)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(existsSync(dst)).toBe(true);
  });

  it('of a name that two other hosts have: exit 1 and both, to choose from', async () => {
    const name = '_var-2026-01-01_00_00_00.tar.gz';
    const keys = ['otherhost', 'thirdhost'].map((each) => `${each}/daily/files/${name}`);
    const places = keys.map((each) => `  ${join(sandbox.dir, 'copies', each)}`);
    for (const each of keys) cpSync(join(sandbox.dir, 'copies', key), join(sandbox.dir, 'copies', each));
    const result = await restore(sandbox, name, join(sandbox.dir, 'untouched'));
    expectOneMessage(result, {
      exitCode: 1,
      says: /^\S+ is the name of several copies; give one of these instead:$/,
    });
    expect(result.stderr.trimEnd().split('\n').slice(1).toSorted()).toEqual(places.toSorted());
  });

  it('without a copy: lists them, says that one must be chosen, exit 1', async () => {
    const listing = await sandbox.run('ls', '--type', 'files');
    expectOneMessage(await sandbox.run('restore', 'file'), {
      exitCode: 1,
      says: /^Choose one of the copies listed above: twindb-backup restore file COPY --dst DIR$/,
      stdout: listing.stdout,
    });
  });

  it.each([
    [
      'that is not empty',
      () => join(sandbox.dir, 'data'),
      /: it is not empty$/,
      /^Name an empty or new folder with --dst/,
    ],
    ['that is a file', () => join(sandbox.dir, 'data/numbers'), /: not a directory$/, /--dst/],
    ['below a file', () => join(sandbox.dir, 'data/numbers/x'), /: not a directory$/, /--dst/],
    ['where nothing can be made', () => '/proc/none/x', /: no such file or directory$/, /--dst/],
  ])('into a --dst %s: exit 1, why, and it stays as it is', async (_case, dst, reason, remedy) => {
    const before = filesBelow(join(sandbox.dir, 'data'));
    const result = await restore(sandbox, join(sandbox.dir, 'copies', key), dst());
    expectOneMessage(result, { exitCode: 1, says: /^Cannot restore into \//, remedy });
    expect(result.stderr.split('\n')[0]).toMatch(reason);
    expect(filesBelow(join(sandbox.dir, 'data'))).toEqual(before);
  });

  it.skipIf(process.getuid?.() !== 0)('into a --dst that may not be written: exit 1 and why', async () => {
    const dst = '/proc/1';
    const result = await restore(sandbox, join(sandbox.dir, 'copies', key), `${dst}/task/none`);
    expectOneMessage(result, {
      exitCode: 1,
      says: /^Cannot restore into \/proc\/1\/task\/none: /,
      remedy: /--dst/,
    });
  });

  it('into a --dst without enough space: exit 1 before anything is written, with both figures', async ({
    skip,
  }) => {
    const dst = join(sandbox.dir, 'nano');
    using disk = mountSmallDisk(dst, 128 * 1024);
    if (!disk) skip('mounting is not allowed here');
    expectOneMessage(await restore(sandbox, join(sandbox.dir, 'copies', key), dst), {
      exitCode: 1,
      says: /^Cannot restore \S+: not enough space in \S+nano: the copy needs [\d.]+ [KM]iB, 128\.0 KiB are free$/,
      remedy: /^Make room there, or name a folder on another file system with --dst/,
    });
    expect(readdirSync(dst)).toEqual([]);
  });
});

it('a damaged keep-local copy is said, and the remote one restored', async () => {
  using sandbox = createSandbox();
  const key = await makeCopy(sandbox, {
    destination: { backup_destination: 'local', keep_local_path: join(sandbox.dir, 'kept') },
  });
  writeFileSync(join(sandbox.dir, 'kept', key), 'junk');
  const dst = join(sandbox.dir, 'restored');
  const result = await restore(sandbox, key, dst);
  expect(result).toMatchObject({ exitCode: 0, stdout: '' });
  expectReadable(result);
  expect(result.stderr).toMatch(
    /^WARNING: Cannot restore \S+kept\S+: the copy is damaged: .*\nTrying the next place/,
  );
  expect(filesBelow(dst)).toHaveLength(1);
});

it('a destination that cannot be reached does not keep anyone from the keep-local copy', async () => {
  using sandbox = createSandbox();
  const destination = { backup_destination: 'ssh', keep_local_path: join(sandbox.dir, 'kept') };
  const sections = { ...destinationSections('ssh', sandbox, lab), destination } as Record<
    string,
    Record<string, string>
  >;
  sandbox.file('data/numbers', '1 2 3');
  const common = {
    source: { backup_dirs: join(sandbox.dir, 'data') },
    measures: { log: join(sandbox.dir, 'measures.log') },
  };
  sandbox.configure({ ...common, ...sections });
  expect(await sandbox.backup()).toMatchObject({ exitCode: 0, stderr: '' });
  sandbox.configure({ ...common, ...sections, ssh: { ...sections['ssh'], port: '1' } });
  const [name = ''] = filesBelow(join(sandbox.dir, 'kept')).filter((path) => path.endsWith('.tar.gz'));
  const dst = join(sandbox.dir, 'restored');
  const result = await restore(sandbox, join(sandbox.dir, 'kept', name), dst);
  expect(result).toMatchObject({ exitCode: 0, stdout: '' });
  expect(result.stderr).toMatch(
    /^WARNING: Only the copy in keep_local_path can be used: .*nothing listens on that port\n/,
  );
  expect(filesBelow(dst)).toHaveLength(1);
  rmSync(dst, { recursive: true });
});
