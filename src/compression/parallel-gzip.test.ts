import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { cut, runStage } from '../../test/fixtures/run-stage.ts';
import { ParallelGzip } from './parallel-gzip.ts';

const MIB = 1 << 20;

/** How many blocks are taken while nobody reads. */
async function countTaken(threads: number): Promise<number> {
  const gzip = new ParallelGzip({ threads, level: 1 });
  let taken = 0;
  for (let block = 0; block < threads + 6; block++) {
    gzip.write(randomBytes(MIB), () => {
      taken += 1;
    });
  }
  for (let before = -1; before !== taken; await delay(300)) before = taken;
  gzip.destroy();
  return taken;
}

function* failing(): Generator<Buffer> {
  yield randomBytes(3 * MIB);
  throw new Error('the disk is gone');
}

describe('parallel gzip', () => {
  it('keeps the order of blocks that are easy and hard to compress', async () => {
    const blocks = Array.from({ length: 12 }, (_, index) =>
      index % 2 === 0 ? randomBytes(MIB) : Buffer.alloc(MIB, index),
    );
    const packed = await runStage(new ParallelGzip({ threads: 4, level: 9 }), blocks);
    expect(gunzipSync(packed).equals(Buffer.concat(blocks))).toBe(true);
  });

  it.each([1, 2, 4])('holds %i blocks, not more, while nobody reads', async (threads) => {
    const taken = await countTaken(threads);
    // The block that waits for its turn is held, but not acknowledged.
    expect(taken + 1).toBe(threads);
  });

  it('passes the error of the stage before it on', async () => {
    await expect(runStage(new ParallelGzip({ threads: 2, level: 6 }), failing())).rejects.toThrow(
      'the disk is gone',
    );
  });

  it('closes when it is destroyed half-way, and pushes nothing afterwards', async () => {
    const gzip = new ParallelGzip({ threads: 4, level: 9 });
    const pieces: Buffer[] = [];
    gzip.on('data', (piece: Buffer) => pieces.push(piece));
    gzip.write(randomBytes(3 * MIB));
    gzip.destroy();
    await once(gzip, 'close');
    const before = pieces.length;
    await delay(300);
    expect(pieces.length).toBe(before);
    expect(gzip.readableEnded).toBe(false);
  });

  it('is stopped by the abort of its pipeline, with the reason', async () => {
    const abort = new AbortController();
    function* endless(): Generator<Buffer> {
      for (let block = 0; ; block++) {
        if (block === 5) abort.abort(new Error('enough'));
        yield randomBytes(MIB);
      }
    }
    const work = runStage(new ParallelGzip({ threads: 2, level: 1 }), endless(), abort.signal);
    await expect(work).rejects.toThrow('enough');
  });

  it('costs under one percent against one member for all', async () => {
    const text = Buffer.from(Array.from({ length: 400_000 }, (_, index) => `row ${index * 7919} `).join(''));
    const whole = await runStage(new ParallelGzip({ threads: 2, level: 6 }), [text]);
    const blocks = await runStage(new ParallelGzip({ threads: 2, level: 6 }), cut(text, 1 << 16));
    expect(blocks.length).toBeLessThan(whole.length * 1.01);
  });
});
