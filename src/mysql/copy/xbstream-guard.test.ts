import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { end, head, number, payload, remove, rename } from '../../../test/fixtures/xbstream.ts';
import { IntegrityError } from '../../errors.ts';
import { XbstreamGuard } from './xbstream-guard.ts';

/** What the guard lets through of a stream that comes in pieces of `size` bytes, and how it ends. */
async function pass(stream: Buffer, size = 1 << 16, dialect: 'mariadb' | 'mysql' = 'mariadb') {
  const passed: Buffer[] = [];
  function* pieces() {
    for (let offset = 0; offset < stream.length; offset += size) yield stream.subarray(offset, offset + size);
  }
  const keep = new Writable({
    write(chunk: Buffer, _encoding, callback) {
      passed.push(chunk);
      callback();
    },
  });
  const error = await pipeline(
    Readable.from(pieces(), { objectMode: false }),
    new XbstreamGuard(dialect),
    keep,
  ).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { bytes: Buffer.concat(passed), error };
}

const seek = (path: string, offset: number) => Buffer.concat([head('S', path), number(offset, 8)]);
const GOOD = Buffer.concat([
  payload('./ibdata1', 'first'),
  seek('./ibdata1', 4096),
  payload('./ibdata1', 'second'),
  end('./ibdata1'),
  payload('shop/Köln.ibd', ''),
  end('shop/Köln.ibd'),
  rename('shop/a.ibd', './shop/b.ibd'),
  remove('shop/b.ibd'),
]);

describe('the guard in front of mbstream', () => {
  it.each([1, 5, 13, 14, 64, 1 << 16])(
    'passes a good stream on as it is, in pieces of %i bytes',
    async (size) => {
      const { bytes, error } = await pass(GOOD, size);
      expect(error).toBeUndefined();
      expect(bytes.equals(GOOD)).toBe(true);
    },
  );

  it.each([
    ['an absolute path', payload('/etc/cron.d/x', 'x')],
    ['a way up', payload('../x', 'x')],
    ['a way up in the middle', payload('shop/../../x', 'x')],
    ['a way up at the end', payload('shop/..', 'x')],
    ['an empty segment', payload('shop//x', 'x')],
    ['a slash at the end', payload('shop/', 'x')],
    ['no path', payload('', 'x')],
    ['a NUL', payload('shop/x\0.ibd', 'x')],
    ['a file that is renamed from outside', rename('../x', 'shop/x')],
    ['a file that is renamed to outside', rename('shop/x', '/etc/cron.d/x')],
    ['a removal outside', remove('../../x')],
    ['an end outside', end('../x')],
    ['a seek outside', seek('../x', 0)],
  ])('lets nothing through of %s', async (_, hostile) => {
    for (const size of [1, 1 << 16]) {
      const { bytes, error } = await pass(Buffer.concat([GOOD, hostile, end('x')]), size);
      expect(error).toBeInstanceOf(IntegrityError);
      expect((error as Error).message).toMatch(/names a file outside the folder of the restore: "?/);
      expect(bytes.length).toBeLessThanOrEqual(GOOD.length);
      expect(GOOD.subarray(0, bytes.length).equals(bytes)).toBe(true);
    }
  });

  it('refuses a piece of an unknown kind, also one that may be ignored', async () => {
    const { error } = await pass(Buffer.concat([GOOD, head('X', 'x', 1)]));
    expect(error).toBeInstanceOf(IntegrityError);
  });

  it('reads pieces of type S as the program behind it does', async () => {
    // For xtrabackup a map of holes and a payload, which hides a piece; for mariabackup a seek, and that piece.
    const hidden = remove('../x');
    const sparse = [number(0, 4), number(hidden.length, 8), number(0, 8), number(0, 4), hidden];
    const stream = Buffer.concat([head('S', 'x'), ...sparse, end('x')]);
    expect((await pass(stream, 1 << 16, 'mysql')).error).toBeUndefined();
    expect((await pass(stream)).error).toBeInstanceOf(IntegrityError);
    const seeking = Buffer.concat([seek('x', 0), hidden, end('x')]);
    expect((await pass(seeking)).error).toMatchObject({
      message: expect.stringContaining('outside') as string,
    });
  });

  it('does not end before the stream is complete', async () => {
    for (const length of [0, 1, GOOD.length - 1, payload('./ibdata1', 'first').length]) {
      const { error } = await pass(GOOD.subarray(0, length));
      expect((error as Error).message).toMatch(/cut short|is empty/);
    }
  });
});
