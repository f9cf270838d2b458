import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Beginning } from '../pipeline/beginning.ts';
import { runPipeline } from '../pipeline/run-pipeline.ts';
import { extractFiles, findSourcePath, listMembers, openFileSource } from './files.ts';

let dir: string;
let data: string;
let environment: NodeJS.ProcessEnv;
beforeEach(() => {
  environment = { ...process.env };
  dir = mkdtempSync(join(tmpdir(), 'twindb-files-'));
  data = join(dir, 'data');
  mkdirSync(data);
  writeFileSync(join(data, 'file'), randomBytes(100_000));
});
afterEach(() => {
  process.env = environment;
  rmSync(dir, { recursive: true });
});

const { signal } = new AbortController();
const open = (...tarOptions: string[]) => openFileSource(data, { tarOptions, exclude: [] });

/** Puts a `tar` first in PATH that does this. */
function fakeTar(script: string): void {
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'tar'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, 'tar'), 0o755);
  process.env['PATH'] = `${bin}:${process.env['PATH']}`;
}

/** Reads the whole stream and returns how long it was. */
async function read(source: ReturnType<typeof open>): Promise<number> {
  let size = 0;
  const counter = new Writable({
    write(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      done();
    },
  });
  await runPipeline([await source.open(), counter], signal);
  return size;
}

it('what tar warned of while the copy was made is known afterwards', async () => {
  fakeTar('/usr/bin/tar "$@"; echo "tar: x: file changed as we read it" >&2; exit 1');
  const source = open();
  await read(source);
  expect(source.facts().changes).toEqual(['tar: x: file changed as we read it']);
});

describe('what is left out', () => {
  /** The members below `data`, where these patterns are left out. */
  const members = async (...patterns: string[]): Promise<string[]> => {
    for (const file of ['a.o', 'sub/b.o', 'sub/keep', 'cache/c', 'sub/cache/d', 'odd[1]']) {
      mkdirSync(join(data, file, '..'), { recursive: true });
      writeFileSync(join(data, file), 'x');
    }
    // An option of the operator's own must not change what the patterns mean.
    const source = openFileSource(data, {
      tarOptions: ['--no-wildcards', '--anchored'],
      patterns,
      exclude: [],
    });
    const listing = new Beginning(65_536);
    await runPipeline([await source.open(), listMembers(), listing], signal);
    const prefix = `${data.slice(1)}/`;
    const names = listing.bytes.toString().trimEnd().split('\n');
    return names
      .map((name) => name.slice(prefix.length))
      .filter((name) => name !== '' && !name.endsWith('/'));
  };
  const ALL = ['a.o', 'cache/c', 'file', 'odd[1]', 'sub/b.o', 'sub/cache/d', 'sub/keep'];

  it.each<[string, (dir: string) => string[], readonly string[]]>([
    ['nothing', () => [], []],
    ['a name anywhere', () => ['*.o'], ['a.o', 'sub/b.o']],
    ['a folder anywhere', () => ['cache'], ['cache/c', 'sub/cache/d']],
    ['one place', (at) => [`${at}/cache`], ['cache/c']],
    ['a place below any folder', (at) => [`${at}/*/cache`], ['sub/cache/d']],
    ['a place that is not there', (at) => [`${at}/cach`, '/cache'], []],
    ['characters of a pattern, when they are escaped', () => ['odd\\[1\\]'], ['odd[1]']],
  ])('%s', async (_, patterns, leftOut) => {
    expect((await members(...patterns(data))).toSorted()).toEqual(
      ALL.filter((file) => !leftOut.includes(file)),
    );
  });

  it('what is mounted below the directory, when it is to be one file system', async () => {
    const told: string[] = [];
    for (const oneFileSystem of [true, false]) {
      const program = await openFileSource(data, { tarOptions: [], oneFileSystem, exclude: [] }).open();
      told.push(String('args' in program && program.args.includes('--one-file-system')));
    }
    expect(told).toEqual(['true', 'false']);
  });
});

describe('a copy whose tar had large records', () => {
  it.each([1024, 60_000])(
    'is read to its end by tar, which stops at the end mark: %i blocks',
    async (blocks) => {
      const archive = execFileSync('tar', ['--create', `--blocking-factor=${blocks}`, '--file=-', data], {
        maxBuffer: 1 << 26,
        stdio: 'pipe',
      });
      expect(archive.length).toBe(blocks * 512);
      const stream = () => Readable.from([archive.subarray(0, 1 << 18), archive.subarray(1 << 18)]);
      const dst = join(dir, 'dst');
      mkdirSync(dst);
      await runPipeline([stream(), extractFiles(dst)], signal);
      expect(readFileSync(join(dst, data, 'file')).equals(readFileSync(join(data, 'file')))).toBe(true);
      const members = new Beginning(8192);
      await runPipeline([stream(), listMembers(), members], signal);
      expect(members.bytes.toString()).toContain('/file\n');
    },
  );

  it('is no longer made', async () => {
    expect(await read(open('--blocking-factor=1024'))).toBe(await read(open()));
    expect(await read(open('--record-size=1M'))).toBe(await read(open()));
  });

  it('is an error when it is damaged', async () => {
    const input = Readable.from([Buffer.alloc(1 << 20, 'x')]);
    await expect(runPipeline([input, extractFiles(dir)], signal)).rejects.toThrow(
      /^tar failed with exit code 2/,
    );
  });
});

describe('the directory that an archive was made from', () => {
  const listing = async (path: string): Promise<string> => {
    const members = new Beginning(8192);
    const source = openFileSource(path, { tarOptions: [], exclude: [] });
    await runPipeline([await source.open(), listMembers(), members], signal);
    return members.bytes.toString('utf8');
  };

  it.each(['a', 'with blank', 'new\nline', 'ünï_cöde', '-dash', 'back\\slash'])(
    'is found by its first member: %j',
    async (name) => {
      const path = join(dir, name);
      mkdirSync(path);
      writeFileSync(join(path, 'file'), '');
      expect(findSourcePath(path.replaceAll('/', '_'), await listing(path))).toBe(path);
    },
  );

  it('is told from another one whose name looks alike', () => {
    expect(findSourcePath('_home_x', 'home/x/\nhome/x/file\n')).toBe('/home/x');
    expect(findSourcePath('_home_x', 'home_x/\n')).toBe('/home_x');
    expect(findSourcePath('_etc_hosts', 'etc/hosts\n')).toBe('/etc/hosts');
    expect(findSourcePath('', './\n./etc/\n')).toBe('/');
  });

  it.each([
    ['_home', 'home2/\n'],
    ['_home2', 'home/\n'],
    ['_home', ''],
    ['', 'etc/\n'],
    ['home', 'home/\n'],
  ])('is not known when name and members differ: %j, %j', (sanitized, members) => {
    expect(findSourcePath(sanitized, members)).toBeUndefined();
  });
});
