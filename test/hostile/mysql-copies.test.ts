import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { checkCopies } from '../fixtures/check-run.ts';
import { adopt, type MysqlHistory, makeHistory } from '../fixtures/mysql-history.ts';
import { end, makeStream, payload, remove, rename, withoutFile } from '../fixtures/xbstream.ts';
import { useLab } from '../lab/lab.ts';

// Whoever can write to a destination tries to run, write or remove something where a copy is restored or only verified.

const { gpg } = useLab();
let history: MysqlHistory;
beforeAll(async () => {
  history = await makeHistory(gpg);
});
afterAll(() => history[Symbol.asyncDispose]());

let sandbox: Sandbox;
let repository: string;
let canary: string;
let dst: string;
beforeEach(() => {
  sandbox = createSandbox();
  repository = adopt(sandbox, history.plain);
  canary = sandbox.file('canary', 'untouched');
  dst = join(sandbox.dir, 'restored');
});
afterEach(() => sandbox[Symbol.dispose]());

const KEY = 'db1/daily/mysql/mysql-2026-01-03_00_00_01.xbstream.gz';

/** Puts a stream on the destination, where no status lists it: nothing but the stream itself is to be trusted. */
function plant(stream: Buffer, key = KEY): void {
  mkdirSync(dirname(join(repository, key)), { recursive: true });
  writeFileSync(join(repository, key), gzipSync(stream));
}

const streamOf = (key: string) => gunzipSync(readFileSync(join(repository, key)));
/** From DST/.twindb-restore/full, where a copy is unpacked. */
const UP = '../../..';

const ESCAPES: readonly [string, Buffer][] = [
  [
    'renames a file over one outside',
    Buffer.concat([payload('x', 'evil'), end('x'), rename('x', `${UP}/canary`)]),
  ],
  ['renames a file from outside', rename(`${UP}/canary`, 'x')],
  ['removes a file outside', remove(`${UP}/canary`)],
  ['writes a file outside', Buffer.concat([payload(`${UP}/canary`, 'evil'), end(`${UP}/canary`)])],
  [
    'writes to an absolute path',
    Buffer.concat([payload('/tmp/twindb-evil', 'evil'), end('/tmp/twindb-evil')]),
  ],
];

describe.each(ESCAPES)('a stream that %s', (_, escape) => {
  const expectHeld = () => {
    expect(readFileSync(canary, 'utf8')).toBe('untouched');
    expect(existsSync('/tmp/twindb-evil')).toBe(false);
  };

  it('is refused by restore, also with a cache, by verify and by check', async () => {
    plant(Buffer.concat([makeStream({ from: 0, to: 100 }), escape]));
    for (const options of [[], ['--cache', join(sandbox.dir, 'cache')]]) {
      const { exitCode, stderr } = await sandbox.run('restore', 'mysql', KEY, '--dst', dst, ...options);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('names a file outside the folder of the restore');
      expect(readdirSync(dst)).toEqual([]);
      expectHeld();
    }
    const verified = await sandbox.run('verify', 'mysql', KEY);
    expect(verified.exitCode).toBe(1);
    expect(JSON.parse(verified.stdout)).toMatchObject({ success: false });
    expectHeld();
    const [checked] = await checkCopies(sandbox, KEY);
    expect(checked).toMatchObject({ state: 'unreadable' });
    expect(checked?.reason).toContain('names a file outside the folder of the restore');
    expectHeld();
  });
});

it('mbstream itself would have renamed and removed outside, and reported success', () => {
  const inner = join(sandbox.dir, 'a/b/c');
  mkdirSync(inner, { recursive: true });
  for (const escape of ESCAPES.slice(0, 3).map(([, stream]) => stream)) {
    writeFileSync(canary, 'untouched');
    expect(spawnSync('mbstream', ['-x', '-C', inner], { input: escape }).status).toBe(0);
    expect(existsSync(canary) && readFileSync(canary, 'utf8')).not.toBe('untouched');
  }
});

describe('a copy that steers the backup program', () => {
  /** The full copy of the history, with more files, or others instead of its own. */
  const plantWith = (files: Readonly<Record<string, string | Buffer>>) => {
    const more = Object.entries(files).flatMap(([path, content]) => [payload(path, content), end(path)]);
    const own = Object.keys(files).reduce(withoutFile, streamOf(history.full.key));
    plant(Buffer.concat([own, ...more]));
  };

  it('by loading a library from the copy loads nothing, and is prepared without it', async () => {
    const mark = join(sandbox.dir, 'loaded');
    const library = join(sandbox.dir, 'evil.so');
    const source = `#include <fcntl.h>\n__attribute__((constructor)) void run(void) { open("${mark}", O_CREAT, 0600); }\n`;
    // Without a compiler the library is none: then only the options are looked at.
    const compiler = spawnSync('cc', ['-shared', '-fPIC', '-x', 'c', '-', '-o', library], { input: source });
    const evil = compiler.status === 0 ? readFileSync(library) : 'no library';
    for (const name of ['evil', 'file_key_management']) {
      plantWith({
        [`evil/${name}.so`]: evil,
        'backup-my.cnf': `[mysqld]\ninnodb_page_size=16384\nplugin_dir=./evil\nplugin_load=${name}=${name}\n`,
      });
      const { exitCode, stderr } = await sandbox.run('restore', 'mysql', KEY, '--dst', `${dst}-${name}`);
      expect(existsSync(mark)).toBe(false);
      // A library of a known name is taken from this host's server instead.
      expect([exitCode, stderr.includes('ERROR')]).toEqual([0, false]);
    }
    expect(readFileSync(join(`${dst}-evil`, 'backup-my.cnf'), 'utf8')).toBe(
      '[mysqld]\ninnodb_page_size=16384\n',
    );
  });

  it('by a rename to outside is refused before it is prepared', async () => {
    plantWith({ 'shop/orders.ren': `shop/../../${UP}/escaped` });
    const { exitCode, stderr } = await sandbox.run('restore', 'mysql', KEY, '--dst', dst);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('would move a table out of the folder of the restore');
    expect(readdirSync(dst)).toEqual([]);
    expect(execFileSync('find', [sandbox.dir, '-name', 'escaped*']).toString()).toBe('');
  });
});

it('a file that cannot be made where a copy is unpacked is a failure', async () => {
  // A file that is a folder elsewhere in the stream.
  const stream = Buffer.concat([payload('a/b', 'x'), end('a/b'), payload('a', 'x'), end('a')]);
  plant(Buffer.concat([stream, makeStream({ from: 0, to: 100 })]));
  const { exitCode, stderr } = await sandbox.run('restore', 'mysql', KEY, '--dst', dst);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(
    /the copy is damaged: Cannot unpack a(\/b)?: (not a directory|file already exists|illegal operation on a directory)\n/,
  );
  expect(readdirSync(dst)).toEqual([]);
});
