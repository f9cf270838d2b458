import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { end, head, number, payload } from '../../../test/fixtures/xbstream.ts';
import { IntegrityError } from '../../errors.ts';
import { XbstreamCheck } from './xbstream-check.ts';

/** Reads a stream that comes in pieces of `size` bytes. */
async function read(stream: Buffer, size = 1 << 16): Promise<XbstreamCheck> {
  const check = new XbstreamCheck(['info', 'empty']);
  function* pieces() {
    for (let offset = 0; offset < stream.length; offset += size) yield stream.subarray(offset, offset + size);
  }
  await pipeline(Readable.from(pieces(), { objectMode: false }), check);
  return check;
}

const WHOLE = Buffer.concat([
  payload('t.ibd', 'first'),
  payload('u.ibd', 'other'),
  payload('t.ibd', 'second'),
  end('t.ibd'),
  payload('info', 'a = 1\n'),
  end('u.ibd'),
  payload('info', 'b = 2\n'),
  end('info'),
  payload('empty', ''),
  end('empty'),
]);

describe('a stream of xbstream', () => {
  it.each([1, 7, 1 << 16])('is whole, and the wanted files are kept, in pieces of %i bytes', async (size) => {
    const check = await read(WHOLE, size);
    expect(check.kept).toEqual(
      new Map([
        ['info', 'a = 1\nb = 2\n'],
        ['empty', ''],
      ]),
    );
  });

  it('is refused wherever it was cut while a file is open or a piece is begun', async () => {
    // Behind the end of `info` no file is open: what must be in the stream is for its reader to ask.
    const lastOpen = WHOLE.length - payload('empty', '').length - end('empty').length;
    for (let length = 0; length < WHOLE.length; length++) {
      if (length === lastOpen) continue;
      await expect(read(WHOLE.subarray(0, length)), `${length}`).rejects.toThrow(/cut short|is empty/);
    }
  });

  it('is refused for each changed byte of a payload, with the name of the file', async () => {
    const at = WHOLE.indexOf('second');
    for (const offset of [at, at + 5]) {
      const damaged = Buffer.from(WHOLE);
      damaged[offset] = 0;
      await expect(read(damaged)).rejects.toThrow('the checksum of a part of t.ibd does not match');
    }
  });

  it('is cut short while one of two files is open whose names differ in bytes that are not UTF-8', async () => {
    const named = (chunk: Buffer, byte: number) => {
      chunk[chunk.indexOf('?')] = byte;
      return chunk;
    };
    const stream = [named(payload('?', 'x'), 0xe8), named(payload('?', 'x'), 0xe9), named(end('?'), 0xe9)];
    await expect(read(Buffer.concat(stream))).rejects.toThrow('cut short');
  });

  it('is refused when it begins more files than any program has open', async () => {
    const begun = Array.from({ length: (1 << 16) + 1 }, (_, index) => payload(`${index}`, ''));
    await expect(read(Buffer.concat(begun))).rejects.toThrow('more than 65536 files have not ended');
  });

  it('may seek, rewrite, rename and remove, as those of mariabackup do', async () => {
    const check = await read(
      Buffer.concat([
        payload('info', 'old'),
        head('S', 'info'),
        number(10, 8),
        end('info'),
        payload('info', 'new', 2),
        end('info'),
        payload('a', 'x'),
        end('a'),
        Buffer.concat([head('R', 'a'), number(1, 4), Buffer.from('b')]),
        head('D', 'b'),
      ]),
      3,
    );
    expect(check.kept.get('info')).toBe('new');
  });

  it('may have sparse payloads, as those of xtrabackup do', async () => {
    const map = Buffer.concat([number(4096, 4), number(3, 4), number(0, 4), number(4, 4)]);
    const sparse = Buffer.concat([
      head('S', 'p.ibd'),
      number(2, 4),
      number(7, 8),
      number(0, 8),
      number(crc32(Buffer.concat([map, Buffer.from('abcdefg')])), 4),
      map,
      Buffer.from('abcdefg'),
    ]);
    for (const size of [1, 5, 1 << 16]) {
      await expect(read(Buffer.concat([sparse, end('p.ibd')]), size)).resolves.toBeInstanceOf(XbstreamCheck);
    }
  });

  it.each([
    ['no stream at all', Buffer.from('no real stream, but long enough for one')],
    ['a piece of an unknown kind', Buffer.concat([head('X', 'a'), Buffer.alloc(20)])],
    ['a length that cannot be', Buffer.concat([head('P', 'a').subarray(0, 10), number(4_000_000_000, 4)])],
  ])('is refused: %s', async (_what, bytes) => {
    await expect(read(bytes)).rejects.toThrow(IntegrityError);
  });
});
