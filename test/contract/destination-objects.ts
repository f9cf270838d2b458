import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { describeError, ObjectNotFoundError } from '../../src/errors.ts';
import { digest, digestOf, MIB, makeBytes, store, untilClosed } from './bytes.ts';
import type { Stage } from './destination.ts';

const BIG = 300 * MIB;
/** A driver that holds the object in memory would grow by all of BIG. */
const MEMORY_BOUND = 200 * MIB;

/** Passes everything on, and remembers by how much this process grew meanwhile. */
async function* watchMemory(
  source: Iterable<Buffer> | AsyncIterable<Buffer>,
  growth: { peak: number },
): AsyncGenerator<Buffer> {
  const before = process.memoryUsage.rss();
  let pieces = 0;
  for await (const chunk of source) {
    if (pieces++ % 32 === 0) growth.peak = Math.max(growth.peak, process.memoryUsage.rss() - before);
    // A copy, as a real source's chunks are: slices of the pool would cost nothing however many are held.
    yield Buffer.from(chunk);
  }
}

/** Writing and reading whole objects. */
export function testObjects(stage: () => Stage): void {
  describe('objects', () => {
    test('tells how much room there is, where a place has an end', async () => {
      const { destination, harness, host } = stage();
      await store(destination, `${host}/daily/files/room`, MIB, 1);
      if (destination.room === undefined) return;
      const room = await destination.room();
      // The SFTP server without extensions of OpenSSH's does not tell.
      if (harness.replacesInSteps) expect(room).toBeUndefined();
      else expect(room).toBeGreaterThan(MIB);
    });

    test('gives back what was written, with its size and time', async () => {
      const { destination, host } = stage();
      const key = `${host}/daily/files/_etc-2026-01-01_00_00_00.tar.gz`;
      const before = Date.now();
      await store(destination, key, 3 * MIB + 17, 1);
      expect(await digestOf(destination, key)).toBe(await digest(makeBytes(3 * MIB + 17, 1)));
      const info = await destination.stat(key);
      expect(info).toMatchObject({ key, size: 3 * MIB + 17 });
      // Some servers keep whole seconds only.
      expect(info?.modified.getTime()).toBeGreaterThan(before - 2000);
      expect(info?.modified.getTime()).toBeLessThan(Date.now() + 2000);
    });

    test('an object is there for another instance as soon as its write has finished', async () => {
      const { destination, harness, host } = stage();
      const key = `${host}/status`;
      await store(destination, key, 100, 1);
      await using other = harness.open();
      expect(await digestOf(other, key)).toBe(await digest(makeBytes(100, 1)));
    });

    test('keeps an object of 0 bytes', async () => {
      const { destination, host } = stage();
      const key = `${host}/daily/files/empty`;
      await store(destination, key, 0, 1);
      expect((await destination.stat(key))?.size).toBe(0);
      expect(await digestOf(destination, key)).toBe(await digest([]));
    });

    test('stores what really comes, whatever was expected', async () => {
      const { destination, host } = stage();
      const key = `${host}/daily/files/expected`;
      const expected = { likely: 10, atMost: 20 };
      await pipeline(Readable.from(makeBytes(9 * MIB, 1)), destination.write(key, { expected }));
      expect(await digestOf(destination, key)).toBe(await digest(makeBytes(9 * MIB, 1)));
    });

    test('streams 300 MB there and back without holding them in memory', { timeout: 180_000 }, async () => {
      const { destination, host } = stage();
      const key = `${host}/daily/files/big`;
      const growth = { peak: 0 };
      await pipeline(watchMemory(makeBytes(BIG, 1), growth), destination.write(key));
      expect((await destination.stat(key))?.size).toBe(BIG);
      const read = await digest(watchMemory(destination.read(key) as AsyncIterable<Buffer>, growth));
      expect(read).toBe(await digest(makeBytes(BIG, 1)));
      expect(growth.peak).toBeLessThan(MEMORY_BOUND);
      await destination.delete(key);
    });

    test('a slow reader gets everything', async () => {
      const { destination, host } = stage();
      const key = `${host}/daily/files/slow`;
      await store(destination, key, 12 * MIB, 1);
      const stream = destination.read(key);
      await sleep(500);
      const slowly = async function* (): AsyncGenerator<Buffer> {
        for await (const chunk of stream as AsyncIterable<Buffer>) {
          await sleep(Math.ceil(chunk.length / (64 * 1024)) * 5);
          yield chunk;
        }
      };
      expect(await digest(slowly())).toBe(await digest(makeBytes(12 * MIB, 1)));
    });

    test('a reader may leave half-way, and the destination goes on serving', async () => {
      const { destination, host } = stage();
      const key = `${host}/daily/files/left`;
      await store(destination, key, 8 * MIB, 1);
      const stream = destination.read(key);
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
      await untilClosed(stream);
      const unread = destination.read(key);
      unread.destroy();
      await untilClosed(unread);
      expect(await digestOf(destination, key)).toBe(await digest(makeBytes(8 * MIB, 1)));
    });

    test('replaces an object at once: readers get the old or the new one whole, never a mix', async () => {
      const { destination, harness, host } = stage();
      const key = `${host}/status`;
      const size = 8 * MIB;
      const [old, fresh] = [await digest(makeBytes(size, 1)), await digest(makeBytes(size, 2))];
      await store(destination, key, size, 1);

      const early = (destination.read(key) as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
      const first = await early.next();
      await using watcher = harness.open();
      const seen = new Set<string>();
      const replacing = store(destination, key, size, 2);
      const watching = (async () => {
        for (let turn = 0; turn < 5; turn++) {
          try {
            seen.add(await digestOf(watcher, key));
          } catch (error) {
            if (!harness.replacesInSteps || !(error instanceof ObjectNotFoundError)) throw error;
          }
        }
      })();
      await Promise.all([replacing, watching]);
      expect([old, fresh]).toEqual(expect.arrayContaining([...seen]));
      expect(await digestOf(destination, key)).toBe(fresh);

      const rest = async function* (): AsyncGenerator<Buffer> {
        for (let next = first; !next.done; next = await early.next()) yield next.value;
      };
      // A server may end the early reader's connection; what it may not do is give it half of each.
      const outcome = await digest(rest()).catch(() => old);
      expect(outcome).toBe(old);
    });

    test('two writers of one key: one of the two contents wins, whole', async () => {
      const { destination, harness, host } = stage();
      const key = `${host}/daily/files/contested`;
      await using other = harness.open();
      await Promise.all([store(destination, key, 6 * MIB, 1), store(other, key, 6 * MIB + 1, 2)]);
      const contents = [await digest(makeBytes(6 * MIB, 1)), await digest(makeBytes(6 * MIB + 1, 2))];
      expect(contents).toContain(await digestOf(destination, key));
      expect(await harness.leftovers(host)).toEqual([]);
    });

    test('writers of different keys of one instance do not disturb each other', async () => {
      const { destination, harness, host } = stage();
      const seeds = [1, 2, 3, 4, 5];
      await Promise.all(
        seeds.map((seed) => store(destination, `${host}/daily/files/${seed}`, 2 * MIB + seed, seed)),
      );
      for (const seed of seeds) {
        const expected = await digest(makeBytes(2 * MIB + seed, seed));
        expect(await digestOf(destination, `${host}/daily/files/${seed}`)).toBe(expected);
      }
      expect(await harness.leftovers(host)).toEqual([]);
    });

    test('an absent object: stat says undefined, read is an ObjectNotFoundError that names it, deleting it succeeds', async () => {
      const { destination, host } = stage();
      const key = `${host}/daily/files/absent`;
      expect(await destination.stat(key)).toBeUndefined();
      const error = await digestOf(destination, key).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ObjectNotFoundError);
      expect(describeError(error)).toContain(key);
      await destination.delete(key);
    });

    test('a folder of objects is not an object', async () => {
      const { destination, host } = stage();
      await store(destination, `${host}/daily/files/a`, 10, 1);
      expect(await destination.stat(`${host}/daily`)).toBeUndefined();
      await expect(digestOf(destination, `${host}/daily`)).rejects.toBeInstanceOf(ObjectNotFoundError);
      await destination.delete(`${host}/daily`);
      expect((await destination.stat(`${host}/daily/files/a`))?.size).toBe(10);
    });

    test('deletes an object, once and again', async () => {
      const { destination, host } = stage();
      const key = `${host}/daily/files/gone`;
      await store(destination, key, 10, 1);
      await store(destination, `${key}2`, 10, 1);
      await destination.delete(key);
      await destination.delete(key);
      expect(await destination.stat(key)).toBeUndefined();
      expect((await destination.stat(`${key}2`))?.size).toBe(10);
    });

    test('can be disposed of twice, used or not', async () => {
      const { destination, harness, host } = stage();
      await store(destination, `${host}/status`, 10, 1);
      await destination[Symbol.asyncDispose]();
      await destination[Symbol.asyncDispose]();
      const unused = harness.open();
      await unused[Symbol.asyncDispose]();
      await unused[Symbol.asyncDispose]();
    });
  });
}
