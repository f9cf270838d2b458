import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mountSmallDisk } from '../../../test/e2e/small-disk.ts';
import { end, head, number, payload, remove, rename } from '../../../test/fixtures/xbstream.ts';
import { describeError, IntegrityError, TwinDbError } from '../../errors.ts';
import { XbstreamUnpack } from './xbstream-unpack.ts';

let dir: string;
let ours: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'unpack-'));
  ours = join(dir, 'ours');
  mkdirSync(ours);
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Unpacks a stream that comes in pieces of `size` bytes; gives the error, if any. */
async function unpack(stream: Buffer, size = 1 << 16, into = ours): Promise<unknown> {
  function* pieces() {
    for (let offset = 0; offset < stream.length; offset += size) yield stream.subarray(offset, offset + size);
  }
  return await pipeline(Readable.from(pieces(), { objectMode: false }), new XbstreamUnpack(into)).then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** What the real program makes of a stream. */
function unpackByMbstream(stream: Buffer): string {
  const theirs = join(dir, 'theirs');
  rmSync(theirs, { recursive: true, force: true });
  mkdirSync(theirs);
  execFileSync('mbstream', ['-x', '-C', theirs], { input: stream, stdio: ['pipe', 'pipe', 'pipe'] });
  return theirs;
}

/** Each file and folder below a folder: its mode, and the digest of its content. */
function treeOf(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
  return new Map(
    names.map((name) => {
      const [path, stats] = [join(folder, name), statSync(join(folder, name))];
      const content = stats.isDirectory()
        ? 'folder'
        : createHash('sha256').update(readFileSync(path)).digest('hex');
      return [`${name} ${(stats.mode & 0o7777).toString(8)}`, content];
    }),
  );
}

async function expectAsMbstream(stream: Buffer, size?: number): Promise<void> {
  expect(await unpack(stream, size)).toBeUndefined();
  expect(treeOf(ours)).toEqual(treeOf(unpackByMbstream(stream)));
}

/** A chunk of a file at its place; `payload` is always at the beginning. */
function part(path: string, offset: number, content: Buffer | string, flags = 0): Buffer {
  const bytes = Buffer.from(content as string);
  const numbers = [number(bytes.length, 8), number(offset, 8), number(crc32(bytes), 4)];
  return Buffer.concat([head('P', path, flags), ...numbers, bytes]);
}

const seek = (path: string, offset: number) => Buffer.concat([head('S', path), number(offset, 8)]);

/** Chunks of several files in turns, as the threads of the backup program write them. */
function inTurns(files: ReadonlyMap<string, Buffer>, size: number): Buffer {
  const chunks: Buffer[] = [];
  const longest = Math.max(...[...files.values()].map(({ length }) => length));
  for (let offset = 0; offset <= longest; offset += size) {
    for (const [path, content] of files) {
      if (offset <= content.length) chunks.push(part(path, offset, content.subarray(offset, offset + size)));
      if (offset <= content.length && offset + size > content.length) chunks.push(end(path));
    }
  }
  return Buffer.concat(chunks);
}

const openFiles = () =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(dir);
    } catch {
      return false;
    }
  }).length;

const GOOD = Buffer.concat([
  part('ibdata1', 0, 'first'),
  part('shop/orders.ibd', 0, 'other'),
  part('ibdata1', 5, 'second'),
  end('ibdata1'),
  payload('shop/empty', ''),
  end('shop/empty'),
  end('shop/orders.ibd'),
]);

describe('unpacking a stream, as mbstream does', () => {
  it.each([1, 7, 1 << 16])('in pieces of %i bytes', async (size) => {
    await expectAsMbstream(GOOD, size);
    expect(readFileSync(join(ours, 'ibdata1'), 'utf8')).toBe('firstsecond');
  });

  it('that the program itself has packed, with a file of several chunks and an empty one', async () => {
    const source = join(dir, 'source');
    mkdirSync(join(source, 'shop'), { recursive: true });
    writeFileSync(join(source, 'ibdata1'), randomBytes((23 << 20) + 17));
    writeFileSync(join(source, 'shop/orders.ibd'), randomBytes(70_000));
    writeFileSync(join(source, 'shop/none'), '');
    const packing = ['-c', 'ibdata1', 'shop/orders.ibd', 'shop/none'];
    const stream = execFileSync('mbstream', packing, { cwd: source, maxBuffer: 1 << 26 });
    await expectAsMbstream(stream);
    expect(readFileSync(join(ours, 'ibdata1')).equals(readFileSync(join(source, 'ibdata1')))).toBe(true);
  });

  it('whose files come in turns, more of them than are held open', async () => {
    const files = new Map(
      Array.from({ length: 300 }, (_, index) => [`db${index % 7}/t${index}.ibd`, randomBytes(index * 40)]),
    );
    const stream = inTurns(files, 4000);
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, openFiles());
    }, 1);
    await expectAsMbstream(stream, 1 << 14);
    clearInterval(watch);
    expect(most).toBeLessThan(80);
    expect(openFiles()).toBe(0);
  });

  it('with holes that it seeks over, and with what it goes back to', async () => {
    const stream = [part('a', 0, 'x'), seek('a', 100_000), part('a', 100_000, 'y'), seek('a', 1)];
    await expectAsMbstream(
      Buffer.concat([...stream, part('a', 1, 'zz'), end('a'), seek('b', 9), end('b')]),
      5,
    );
    expect(statSync(join(ours, 'a')).size).toBe(100_001);
  });

  const file = (path: string, content: string) => Buffer.concat([payload(path, content), end(path)]);

  it('with files that are rewritten, renamed or removed', async () => {
    await expectAsMbstream(
      Buffer.concat([
        file('again', 'old and longer'),
        part('again', 0, 'ne', 2),
        part('again', 2, 'w', 2),
        end('again'),
        ...['a', 'b', 'c', 'd', 'e'].map((name) => file(name, `${name} moves`)),
        remove('d'),
        file('d', 'back'),
        end('empty'),
        remove('never'),
        rename('a', 'A'),
        rename('b', 'c'),
        rename('e', 'e'),
        rename('never', 'e'),
      ]),
    );
  });

  // mbstream 10.11 takes the bytes of such a new name for those of the next payload.
  it('that goes on behind a rename', async () => {
    const stream = [
      file('a', 'moves'),
      rename('a', 'b'),
      file('a', 'another'),
      rename('a', 'q/c'),
      remove('b'),
    ];
    expect(await unpack(Buffer.concat(stream))).toBeUndefined();
    expect([...treeOf(ours).keys()]).toEqual(['q 700', 'q/c 640']);
    expect(readFileSync(join(ours, 'q/c'), 'utf8')).toBe('another');
  });

  it('with names in any encoding, and with folders in folders', async () => {
    const latin1 = (chunk: Buffer) => Buffer.from(chunk.toString('latin1').replace('?', '\xe9'), 'latin1');
    const chunks = ['?', 'Köln/Bonn/t.ibd'].flatMap((path) => [payload(path, 'x'), end(path)]);
    expect(await unpack(Buffer.concat(chunks.map(latin1)))).toBeUndefined();
    const names = readdirSync(ours, { encoding: 'buffer' }).map((name) => name.toString('latin1'));
    expect(names.toSorted()).toEqual([Buffer.from('Köln').toString('latin1'), '\xe9']);
    expect(readFileSync(join(ours, 'Köln/Bonn/t.ibd'), 'utf8')).toBe('x');
  });

  it('takes ./a and a for the same file', async () => {
    expect(await unpack(Buffer.concat([payload('./a', 'x'), end('./a'), remove('a')]))).toBeUndefined();
    expect(readdirSync(ours)).toEqual([]);
  });
});

describe('a tablespace whose pages were compressed by the server', () => {
  /** Pages of 16 KiB with 5000 bytes each; the flags are those of MariaDB 10.5 and later, or of an earlier one. */
  const table = (flags: number, pages = 64) => {
    const bytes = Buffer.alloc(pages * 16_384);
    for (let page = 0; page < pages - 1; page++) randomBytes(5000).copy(bytes, page * 16_384);
    bytes.writeUInt32BE(flags, 54);
    return bytes;
  };
  const allocated = (folder: string) => statSync(join(folder, 'shop/t.ibd')).blocks * 512;

  it.each([
    ['with full_crc32', 0x35],
    ['without it', 0x1_0000],
  ])('keeps its holes, %s', async (_, flags) => {
    const stream = inTurns(new Map([['shop/t.ibd', table(flags)]]), 100_000);
    await expectAsMbstream(stream);
    expect(allocated(ours)).toBeLessThanOrEqual(64 * 8192);
  });

  it('is the only file with holes', async () => {
    await expectAsMbstream(inTurns(new Map([['shop/t.ibd', table(0x15)]]), 100_000));
    expect(allocated(ours)).toBeGreaterThanOrEqual(64 * 16_384);
  });

  it('has the holes that XtraBackup has left out', async () => {
    const sparse = (offset: number, map: readonly number[], content: string) => {
      const entries = Buffer.concat(map.map((each) => number(each, 4)));
      const numbers = [number(map.length / 2, 4), number(content.length, 8), number(offset, 8)];
      const crc = number(crc32(Buffer.concat([entries, Buffer.from(content)])), 4);
      return Buffer.concat([head('S', 'p.ibd'), ...numbers, crc, entries, Buffer.from(content)]);
    };
    const stream = [sparse(0, [0, 3, 5, 4, 2, 0], 'abcdefg'), sparse(14, [1, 1, 4096, 0], 'h'), end('p.ibd')];
    for (const size of [1, 5, 1 << 16]) {
      const into = join(dir, `${size}`);
      mkdirSync(into);
      expect(await unpack(Buffer.concat(stream), size, into)).toBeUndefined();
      const expected = Buffer.alloc(16 + 4096);
      expected.write('abc\0\0\0\0\0defg\0\0\0h', 'latin1');
      expect(readFileSync(join(into, 'p.ibd')).equals(expected)).toBe(true);
    }
    for (const map of [[0, 3], [0, 3, 5, 5], []])
      expect(describeError(await unpack(sparse(0, map, 'abcdefg')))).toContain('does not fit its payload');
    const damaged = sparse(0, [1, 7], 'abcdefg');
    damaged[damaged.indexOf('abc')] = 0;
    expect(describeError(await unpack(damaged))).toContain('checksum of a part of p.ibd does not match');
  });
});

describe('a stream is refused', () => {
  it('wherever it was cut while a file is open or a chunk is begun', async () => {
    for (let length = 0; length < GOOD.length; length++) {
      const into = join(dir, `${length}`);
      mkdirSync(into);
      const error = await unpack(GOOD.subarray(0, length), 1 << 16, into);
      expect(error, `${length}`).toBeInstanceOf(IntegrityError);
      expect((error as Error).message).toMatch(/cut short|is empty/);
    }
    expect(openFiles()).toBe(0);
  });

  const TABLE = [payload('shop/t', 'x'), end('shop/t')];
  it.each<[string, readonly Buffer[], RegExp]>([
    [
      'a changed byte',
      [Buffer.from(GOOD.toString('latin1').replace('second', 'secon_'), 'latin1')],
      /checksum of a part of ibdata1/,
    ],
    ['a gap', [part('a', 0, 'x'), part('a', 2, 'y'), end('a')], /a part of a does not continue it/],
    ['a part that comes again', [payload('a', 'x'), payload('a', 'x'), end('a')], /does not continue it/],
    ['a second file of one name', [...TABLE, payload('./shop/t', 'x')], /\.\/shop\/t comes twice/],
    ['a file in place of a folder', [...TABLE, payload('shop', 'x'), end('shop')], /Cannot unpack shop/],
    [
      'a folder in place of a file',
      [...TABLE, payload('shop/t/u', 'x'), end('shop/t/u')],
      /Cannot unpack shop\/t(\/u)?: /,
    ],
    [
      'a name that no file system takes',
      [payload('x'.repeat(300), 'x'), end('x'.repeat(300))],
      /Cannot unpack x/,
    ],
    ['no name', [payload('.', 'x'), end('.')], /Cannot unpack/],
    [
      'a rename of a file that has not ended',
      [payload('a', 'x'), rename('a', 'b')],
      /a is renamed or removed before its end/,
    ],
    [
      'a rename to one that has not ended',
      [payload('a', 'x'), ...TABLE, rename('shop/t', 'a')],
      /before its end/,
    ],
    ['a removal of one that has not ended', [payload('a', 'x'), remove('a')], /before its end/],
    ['a path to outside', [payload('../x', 'x'), end('../x')], /names a file outside/],
    ['a rename to outside', [...TABLE, rename('shop/t', '../x')], /names a file outside/],
    ['a removal outside', [remove('../x')], /names a file outside/],
  ])('for %s', async (_, chunks, reason) => {
    writeFileSync(join(dir, 'x'), 'untouched');
    for (const size of [3, 1 << 16]) {
      rmSync(ours, { recursive: true });
      mkdirSync(ours);
      const error = await unpack(Buffer.concat(chunks), size);
      expect(error).toBeInstanceOf(IntegrityError);
      expect(describeError(error)).toMatch(reason);
    }
    expect(openFiles()).toBe(0);
    expect(readFileSync(join(dir, 'x'), 'utf8')).toBe('untouched');
  });

  it('writes nothing through a link that is there', async () => {
    execFileSync('ln', ['-s', join(dir, 'x'), join(ours, 'a')]);
    expect(await unpack(Buffer.concat([payload('a', 'x'), end('a')]))).toBeInstanceOf(IntegrityError);
    expect(existsSync(join(dir, 'x'))).toBe(false);
  });
});

it('a full disk is said, with the file and what to do', async ({ skip }) => {
  using disk = mountSmallDisk(join(dir, 'small'), 1 << 20);
  if (disk === undefined) skip();
  const files = new Map(['a', 'b', 'c'].map((name) => [`${name}.ibd`, randomBytes(1 << 20)]));
  const error = await unpack(inTurns(files, 1 << 16), 1 << 16, join(dir, 'small'));
  expect(error).toBeInstanceOf(TwinDbError);
  expect(describeError(error)).toMatch(/^Cannot unpack [abc]\.ibd: no space left on device\nMake room there/);
  expect(openFiles()).toBe(0);
});

it('has closed its files and works on none any more when it was destroyed', async () => {
  const stream = new XbstreamUnpack(ours);
  const files = new Map(Array.from({ length: 20 }, (_, index) => [`t${index}`, randomBytes(1 << 18)]));
  const bytes = inTurns(files, 1 << 16);
  stream.write(bytes.subarray(0, 1 << 21));
  await new Promise((resolve) => setTimeout(resolve, 3));
  stream.write(bytes.subarray(1 << 21));
  stream.destroy();
  await new Promise((resolve) => stream.once('close', resolve));
  const names = readdirSync(ours);
  expect(openFiles()).toBe(0);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(readdirSync(ours)).toEqual(names);
});
