import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, destinationSections, type LabKind, type Sandbox } from '../e2e/cli.ts';
import { makeArchive } from '../fixtures/archive.ts';
import { configureLocal, listCopies, SILENT } from '../fixtures/backup-run.ts';
import { layOut, PYTHON_REPOSITORY } from '../fixtures/check-run.ts';
import { damage } from '../fixtures/mysql-copies.ts';
import { useLab } from '../lab/lab.ts';

const lab = useLab();
const { recipient, keyring, secretKeyring } = lab.gpg;
const gpg = { recipient, keyring, secret_keyring: secretKeyring };

let sandbox: Sandbox;
let temporary: string;
let sources: readonly [string, string];
beforeEach(() => {
  sandbox = createSandbox();
  temporary = join(sandbox.dir, 'tmp');
  mkdirSync(temporary);
  sandbox.file('source/one/file', 'content');
  sandbox.file('source/one/folder/deep', 'x'.repeat(100_000));
  sandbox.file('source/two/file', 'other');
  sources = [join(sandbox.dir, 'source/one'), join(sandbox.dir, 'source/two')];
});
afterEach(() => sandbox[Symbol.dispose]());

type Json = Readonly<Record<string, unknown>>;

/** Expects nothing to be left in the temporary folder. */
const verify = async (...args: string[]) => {
  const running = sandbox.start(['verify', 'file', ...args], { TMPDIR: temporary });
  const { exitCode, stdout, stderr } = await running.result;
  expect(readdirSync(temporary)).toEqual([]);
  return { exitCode, stderr, json: JSON.parse(stdout) as Json & { copies: readonly Json[] } };
};

describe.each([
  ['local', { program: 'gzip' }, {}],
  ['ssh', { program: 'zstd' }, { gpg }],
  ['s3', { program: 'gzip' }, { gpg }],
] as const satisfies readonly [LabKind, object, object][])(
  'verify file on %s, with %o and %o',
  (kind, compression, encryption) => {
    it('says what is in the newest copy of each directory, and in one that is named', async () => {
      sandbox.configure({
        ...destinationSections(kind, sandbox, lab),
        ...encryption,
        compression,
        source: { backup_dirs: sources.join(' ') },
        measures: { log: join(sandbox.dir, 'measures.log') },
      });
      expect(await sandbox.backup()).toEqual(SILENT);
      const latest = await verify('latest');
      expect([latest.exitCode, latest.stderr, latest.json['success']]).toEqual([0, '', true]);
      const about = { success: true, not_recorded: [], restore_time: expect.any(Number) };
      expect(latest.json.copies).toMatchObject([
        { source: sources[0], members: 4, ...about },
        { source: sources[1], members: 2, ...about },
      ]);
      const { location, backup_copy } = latest.json.copies[0] ?? {};
      expect(location).toContain(String(backup_copy));
      const named = await verify(String(location), '--json');
      expect([named.exitCode, named.json]).toEqual([
        0,
        { ...latest.json.copies[0], restore_time: expect.any(Number) },
      ]);
      expect((await verify('latest', '--source', `${sources[1]}/`)).json).toMatchObject({
        source: sources[1],
        members: 2,
      });
    });
  },
);

const repository = () => join(sandbox.dir, 'repository');

describe('verify file of a copy that the status lists', () => {
  beforeEach(async () => {
    configureLocal(sandbox, sources, {
      export: { transport: 'prometheus', prometheus_file: join(sandbox.dir, 'metrics.prom') },
    });
    expect(await sandbox.backup()).toEqual(SILENT);
  });
  const failureMetric = () =>
    /^twindb_restore_last_run_succeeded\{.*type="files".*\} (\d)$/m.exec(
      readFileSync(join(sandbox.dir, 'metrics.prom'), 'utf8'),
    )?.[1];

  it('goes on with the other directories when one is damaged, has exit code 1, and tells the monitoring', async () => {
    expect((await verify('latest')).exitCode).toBe(0);
    expect(failureMetric()).toBe('1');
    const [first = ''] = await listCopies(sandbox);
    damage(first);
    const { exitCode, json } = await verify('latest');
    expect([exitCode, json['success']]).toEqual([1, false]);
    expect(json.copies.map(({ success }) => success)).toEqual([false, true]);
    expect(json.copies[0]).toMatchObject({ location: first, members: null });
    expect(json.copies[0]?.['reason']).toContain(`Cannot restore ${first}: the copy is damaged: `);
    expect(failureMetric()).toBe('0');
  });

  it('compares the members and the bytes with the status', async () => {
    const status = join(repository(), hostname(), 'files-status');
    const change = (from: string | RegExp, to: string) => {
      for (const file of [status, `${status}.copy`]) {
        const envelope = JSON.parse(readFileSync(file, 'utf8')) as { status: string; md5: string };
        const text = Buffer.from(envelope.status, 'base64').toString().replaceAll(from, to);
        const changed = Buffer.from(text).toString('base64');
        const md5 = execFileSync('md5sum', { input: changed }).toString().slice(0, 32);
        writeFileSync(file, JSON.stringify({ ...envelope, status: changed, md5 }));
      }
    };
    change('"members":4', '"members":5');
    const forged = await verify('latest', '--source', sources[0]);
    expect(forged.json['reason']).toMatch(/changed/);
    // Of a wrong signature nothing else counts.
    change(/,"mac":"[^"]*"|"mac":"[^"]*",/g, '');
    const { json } = await verify('latest', '--source', sources[0], '--accept-unauthenticated');
    expect(json['reason']).toContain('its archive has 4 members, the status says 5');
    change(/,"members":5|"members":5,/g, '');
    const older = await verify('latest', '--source', sources[0], '--accept-unauthenticated');
    expect([older.exitCode, older.json['not_recorded']]).toEqual([0, ['members']]);
  });

  it('says of a configured directory without a copy that there is none, and of a host without any', async () => {
    mkdirSync(join(sandbox.dir, 'source/three'));
    configureLocal(sandbox, [...sources, join(sandbox.dir, 'source/three')]);
    const { exitCode, json } = await verify('latest');
    expect([exitCode, json.copies.map(({ success }) => success)]).toEqual([1, [true, true, false]]);
    expect(json.copies[2]?.['reason']).toMatch(/^There is no copy of .*three in the status of host /);
    const elsewhere = await verify('latest', '--hostname', 'db9');
    expect(elsewhere.json.copies[0]).toMatchObject({ backup_copy: 'latest', location: null, success: false });
  });

  it('lists the copies when none is named', async () => {
    const { exitCode, stdout, stderr } = await sandbox.run('verify', 'file');
    expect([exitCode, stdout.split('\n').length]).toEqual([1, 3]);
    expect(stderr).toContain('twindb-backup verify file COPY, or latest');
  });

  it('reads the copy in the other place when the local one is damaged, and says which it was', async () => {
    const kept = join(sandbox.dir, 'kept');
    cpSync(repository(), kept, { recursive: true });
    configureLocal(sandbox, sources, { destination: { keep_local_path: kept } });
    const [first = ''] = (await listCopies(sandbox)).filter((each) => each.startsWith(kept));
    damage(first);
    const { exitCode, stderr, json } = await verify('latest', '--source', sources[0]);
    expect([exitCode, json['location']]).toEqual([0, first.replace(kept, repository())]);
    expect(stderr).toContain('Trying the next place');
    expect((await verify(first)).json).toMatchObject({ location: first, success: false });
  });
});

describe('verify file of a copy that no status lists', () => {
  beforeEach(() => configureLocal(sandbox, []));
  const archive = makeArchive([
    { name: 'srv/', type: 'folder' },
    { name: 'srv/x', content: 'x'.repeat(5000) },
  ]);
  const put = (suffix: string, bytes: Buffer) => {
    const key = `db1/daily/files/_srv-2026-01-01_00_00_01.tar${suffix}`;
    sandbox.file(join('repository', key), bytes);
    return key;
  };
  const encrypt = (bytes: Buffer) =>
    execFileSync(
      'gpg',
      [
        '--batch',
        '--no-default-keyring',
        '--keyring',
        keyring,
        '--trust-model',
        'always',
        '-e',
        '-r',
        recipient,
      ],
      { input: bytes, stdio: ['pipe', 'pipe', 'ignore'] },
    );
  const gz = gzipSync(archive);

  it('compares nothing that is not known, and says what that is', async () => {
    const { exitCode, stderr, json } = await verify(put('.gz', gz));
    expect([exitCode, json]).toMatchObject([
      0,
      {
        members: 2,
        unpacked_size: archive.length,
        not_recorded: ['size', 'sha256', 'unpacked_size', 'members'],
      },
    ]);
    expect(stderr).toMatch(/^WARNING: The checksum of .* cannot be verified: no status lists it\n$/);
  });

  it('reads copies of the Python tool', async () => {
    layOut(sandbox, PYTHON_REPOSITORY, 'web1');
    const { exitCode, json } = await verify('web1/daily/files/_srv_src_site-2020-01-01_02_00_00.tar.gz');
    expect([exitCode, json['success']]).toEqual([0, true]);
  });

  it.each([
    ['ends early', '.gz', () => gz.subarray(0, -20), 'unexpected end of file'],
    ['ends between two members', '.gz', () => gzipSync(archive.subarray(0, 512)), 'its end is missing'],
    ['is empty', '.gz', () => Buffer.alloc(0), 'unexpected end of file'],
    [
      'has junk behind its end',
      '.gz',
      () => Buffer.concat([gz, Buffer.from('junk')]),
      'incorrect header check',
    ],
    [
      'has junk behind the archive in it',
      '.gz',
      () => gzipSync(Buffer.concat([archive, Buffer.from('junk')])),
      'followed by other data',
    ],
    [
      'has a wrong sum in a header',
      '.gz',
      () => gzipSync(Buffer.from(archive).fill('y', 520, 521)),
      'damaged at byte 512: the checksum of a header does not match',
    ],
    ['is no archive', '.gz', () => gzipSync('x'.repeat(10_240)), 'the data are not a tar archive'],
    [
      'is a stream of MySQL',
      '.gz',
      () => gzipSync('XBSTCK01'.repeat(1000)),
      'the data are not a tar archive',
    ],
    [
      'was compressed by another program',
      '.gz',
      () => execFileSync('zstd', ['-q'], { input: archive }),
      'incorrect header check',
    ],
    ['is encrypted and its name does not say so', '.gz', () => encrypt(gz), 'incorrect header check'],
    ['is encrypted for a key that is not here', '.gz.gpg', () => encrypt(gz), 'secret key'],
  ])('says why: it %s', async (_, suffix, bytes, reason) => {
    const key = put(suffix, bytes());
    const { exitCode, json } = await verify(key);
    expect([exitCode, json]).toMatchObject([1, { backup_copy: key, success: false, members: null }]);
    expect(json['reason']).toContain(reason);
    expect(json['reason']).toMatch(/^Cannot restore \S+_srv-2026-01-01_00_00_01/);
  });

  it('says that a copy is one of MySQL', async () => {
    layOut(sandbox, PYTHON_REPOSITORY, 'web1');
    const { json } = await verify('web1/daily/mysql/mysql-2020-01-01_02_00_01.xbstream.gz');
    expect(json['reason']).toContain('is a copy of type mysql');
  });
});
