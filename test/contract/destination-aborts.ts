import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Destination } from '../../src/destinations/destination.ts';
import { digest, digestOf, listKeys, MIB, makeBytes, store, untilClosed, writeChunk } from './bytes.ts';
import type { Stage } from './destination.ts';
import type { Harness } from './harness.ts';

const SIZE = 12 * MIB;

async function writeAll(sink: Writable, size: number): Promise<void> {
  for (const chunk of makeBytes(size, 2)) await writeChunk(sink, chunk);
}

async function* failAfterwards(): AsyncGenerator<Buffer> {
  yield* makeBytes(SIZE, 1);
  throw new Error('tar: read error');
}

/** Ways to give up a write before it has finished. */
const ABORTS: Readonly<Record<string, (sink: Writable) => Promise<void>>> = {
  'destroyed before the first byte': async (sink) => {
    sink.destroy();
  },
  'destroyed with an error before the first byte': async (sink) => {
    sink.destroy(new Error('stop'));
  },
  'destroyed half-way': async (sink) => {
    await writeAll(sink, SIZE / 2);
    sink.destroy();
  },
  'destroyed with an error half-way': async (sink) => {
    await writeAll(sink, SIZE / 2);
    sink.destroy(new Error('stop'));
  },
  'destroyed while a chunk is on its way': async (sink) => {
    await writeAll(sink, SIZE / 2);
    sink.write(Buffer.alloc(MIB));
    sink.destroy(new Error('stop'));
  },
  'destroyed after the last byte': async (sink) => {
    await writeAll(sink, SIZE);
    sink.destroy();
  },
  'destroyed as soon as it was told to end': async (sink) => {
    await writeAll(sink, SIZE);
    sink.end();
    sink.destroy(new Error('stop'));
  },
};

/** Enough for an object that S3 joins from parts: between that and `finish` lie some requests. */
const LARGE = 20 * MIB;

/** Destroys a write when its object is under the key but `finish` has not come; false when that came first. */
async function abortWhenSeen(destination: Destination, harness: Harness, key: string): Promise<boolean> {
  const sink = destination.write(key);
  const closed = untilClosed(sink);
  await writeAll(sink, LARGE);
  sink.end();
  while (!sink.writableFinished && !(await harness.sees(key))) await turn();
  sink.destroy(new Error('stop'));
  await closed;
  return !sink.writableFinished;
}

/** Writes that are given up. */
export function testAborts(stage: () => Stage): void {
  describe('aborted writes', () => {
    test.each(Object.entries(ABORTS))('%s: nothing is there after close', async (_, abort) => {
      const { destination, harness, host } = stage();
      const sink = destination.write(`${host}/daily/files/aborted`);
      const closed = untilClosed(sink);
      await abort(sink);
      await closed;
      expect(sink.writableFinished).toBe(false);
      expect(await harness.leftovers(host)).toEqual([]);
      expect(await listKeys(destination, `${host}/`)).toEqual([]);
    });

    test.each(Object.entries(ABORTS))('%s: the object that was there stays', async (_, abort) => {
      const { destination, harness, host } = stage();
      const key = `${host}/status`;
      await store(destination, key, MIB, 1);
      const sink = destination.write(key);
      const closed = untilClosed(sink);
      await abort(sink);
      await closed;
      expect(await harness.leftovers(host)).toEqual([]);
      expect(await digestOf(destination, key)).toBe(await digest(makeBytes(MIB, 1)));
    });

    test('destroyed while it is being finished: the old or the new object, whole', async () => {
      const { destination, harness, host } = stage();
      const key = `${host}/status`;
      const contents = [await digest(makeBytes(MIB, 1)), await digest(makeBytes(MIB, 2))];
      for (const delay of [0, 1, 2, 4, 8, 16]) {
        await store(destination, key, MIB, 1);
        const sink = destination.write(key);
        const closed = untilClosed(sink);
        await writeAll(sink, MIB);
        sink.end();
        await sleep(delay);
        sink.destroy();
        await closed;
        expect(await harness.leftovers(host)).toEqual([]);
        expect(contents).toContain(await digestOf(destination, key));
      }
    });

    test('destroyed as soon as the object appears, before it is finished: nothing is there after close', async () => {
      const { destination, harness, host } = stage();
      const key = `${host}/daily/files/aborted`;
      await using slow = await harness.openSlow?.();
      // Now and then `finish` comes first, and then the object has to stay.
      for (let tries = 1; !(await abortWhenSeen(slow ?? destination, harness, key)); tries++) {
        expect(tries).toBeLessThan(20);
        expect(await listKeys(destination, `${host}/`)).toEqual([key]);
        await destination.delete(key);
      }
      expect(await listKeys(destination, `${host}/`)).toEqual([]);
      expect(await harness.leftovers(host)).toEqual([]);
    });

    test('a source that fails in pipeline() leaves nothing, and its error is the one reported', async () => {
      const { destination, harness, host } = stage();
      const sink = destination.write(`${host}/daily/files/aborted`);
      const closed = untilClosed(sink);
      await expect(pipeline(Readable.from(failAfterwards()), sink)).rejects.toThrow('tar: read error');
      await closed;
      expect(await harness.leftovers(host)).toEqual([]);
      expect(await listKeys(destination, `${host}/`)).toEqual([]);
    });

    test('a key can be written after a write of it was given up', async () => {
      const { destination, host } = stage();
      const key = `${host}/daily/files/again`;
      const sink = destination.write(key);
      const closed = untilClosed(sink);
      await writeAll(sink, MIB);
      sink.destroy();
      await store(destination, key, MIB, 1);
      await closed;
      expect(await digestOf(destination, key)).toBe(await digest(makeBytes(MIB, 1)));
    });
  });
}
