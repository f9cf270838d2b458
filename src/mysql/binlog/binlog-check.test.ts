import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { BinlogCheck } from './binlog-check.ts';

/** An event: type, length and, for the rest, bytes that are no length. */
function event(type: number, length: number): Buffer {
  const bytes = Buffer.alloc(length, 0xee);
  bytes[4] = type;
  bytes.writeUInt32LE(length, 9);
  return bytes;
}

const MAGIC = Buffer.from('fe62696e', 'hex');
const LOG = Buffer.concat([MAGIC, event(15, 252), event(2, 19), event(30, 8000), event(4, 44)]);

async function read(log: Buffer, size = 1 << 16): Promise<BinlogCheck> {
  const check = new BinlogCheck('bin.1');
  function* pieces() {
    for (let offset = 0; offset < log.length; offset += size) yield log.subarray(offset, offset + size);
  }
  await pipeline(Readable.from(pieces(), { objectMode: false }), check);
  return check;
}

describe('a binary log', () => {
  it.each([1, 100, 1 << 16])('is whole in pieces of %i bytes, and its beginning is kept', async (size) => {
    expect((await read(LOG, size)).beginning).toEqual(LOG.subarray(0, 4096));
  });

  it.each([1, 25, 44, 4000, 8052])('that lacks its last %i bytes is cut short', async (missing) => {
    // 44 is the whole last event: that cannot be seen.
    const reading = read(LOG.subarray(0, -missing));
    await (missing === 44
      ? expect(reading).resolves.toBeDefined()
      : expect(reading).rejects.toThrow('cut short'));
  });

  it.each([['no real log'], ['']])('is not %j', async (content) => {
    await expect(read(Buffer.from(content))).rejects.toThrow('bin.1 is no binary log');
  });

  it('that is encrypted is taken as it is: its events cannot be told apart', async () => {
    const byMariadb = Buffer.concat([MAGIC, event(15, 252), event(164, 40), Buffer.alloc(1001, 0xab)]);
    const byMysql = Buffer.concat([Buffer.from('fd62696e', 'hex'), Buffer.alloc(508, 0x17)]);
    for (const log of [byMariadb, byMysql]) await expect(read(log)).resolves.toBeDefined();
  });
});
