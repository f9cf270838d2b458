import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import type { Claim, Destination, Version, WriteOptions } from '../../src/destinations/destination.ts';
import { ConflictError, describeError } from '../../src/errors.ts';
import { failureOf } from '../fixtures/failure.ts';
import { digest, digestOf, listKeys, MIB, makeBytes, store, untilClosed, writeChunk } from './bytes.ts';
import type { Stage } from './destination.ts';

/** Smaller than a part, and of several parts: S3 stores the two in different ways. */
const SIZES = { 'small object': MIB, 'large object': 20 * MIB } as const;

/** A claim that goes on to these keys, and notes which key the object got. */
function claimOf(others: readonly string[] = []): { claim: Claim; got: string[] } {
  const left = [...others];
  const got: string[] = [];
  return { claim: { next: () => left.shift(), claimed: (key) => got.push(key) }, got };
}

async function write(
  destination: Destination,
  key: string,
  { size, seed, ...options }: WriteOptions & { readonly size: number; readonly seed: number },
): Promise<void> {
  const source = Readable.from(makeBytes(size, seed), { objectMode: false });
  await pipeline(source, destination.write(key, { ...options, expected: { likely: size, atMost: size } }));
}

async function versionOf(destination: Destination, key: string): Promise<Version> {
  let version: Version | undefined;
  const options = { onVersion: (read: Version) => void (version = read) };
  await digest(destination.read(key, options) as AsyncIterable<Buffer>);
  if (version === undefined) throw new Error('no version was told');
  return version;
}

/** Writes that replace nothing, or only what their run has read. */
export function testClaims(stage: () => Stage): void {
  describe.each(Object.entries(SIZES))('claimed keys, %s', (_, size) => {
    test('a free key is claimed, and the writer told', async () => {
      const { destination, harness, host } = stage();
      const key = `${host}/daily/files/claimed`;
      const { claim, got } = claimOf();
      await write(destination, key, { size, seed: 1, claim });
      expect(got).toEqual([key]);
      expect(await digestOf(destination, key)).toBe(await digest(makeBytes(size, 1)));
      expect(await harness.leftovers(host)).toEqual([]);
    });

    test('a taken key is a ConflictError: the object that was there stays, and nothing else is left', async () => {
      const { destination, harness, host } = stage();
      const key = `${host}/daily/files/claimed`;
      await store(destination, key, 10, 1);
      const { claim, got } = claimOf();
      const failure = await failureOf(write(destination, key, { size, seed: 2, claim }));
      expect(failure).toBeInstanceOf(ConflictError);
      expect(describeError(failure)).toContain(key);
      expect(got).toEqual([]);
      expect(await digestOf(destination, key)).toBe(await digest(makeBytes(10, 1)));
      expect(await listKeys(destination, `${host}/`)).toEqual([key]);
      expect(await harness.leftovers(host)).toEqual([]);
    });

    test('two writers of one key at once: one wins, the other gets a ConflictError, the object is the first', async () => {
      const { destination, harness, host } = stage();
      const key = `${host}/daily/files/contested`;
      await using other = harness.open();
      const writers = [destination, other].map((each, seed) =>
        write(each, key, { size: size + seed, seed, claim: claimOf().claim }),
      );
      const outcomes = await Promise.allSettled(writers);
      const winners = outcomes.flatMap(({ status }, seed) => (status === 'fulfilled' ? [seed] : []));
      const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
      for (const reason of reasons) expect(reason).toBeInstanceOf(ConflictError);
      // Where nothing is left of either, both have given way to the other: never do both have it.
      expect(winners.length).toBeLessThanOrEqual(1);
      if (!harness.mayBothGiveWay) expect(winners).toHaveLength(1);
      const [winner] = winners;
      const keys = await listKeys(destination, `${host}/`);
      expect(keys).toEqual(winner === undefined ? [] : [key]);
      if (winner !== undefined) {
        expect(await digestOf(destination, key)).toBe(await digest(makeBytes(size + winner, winner)));
      }
      expect(await harness.leftovers(host)).toEqual([]);
    });

    test('many writers of one key at once that may go on to others: each gets a key of its own', async () => {
      const { destination, harness, host } = stage();
      const keyOf = (number: number) => `${host}/daily/files/${number}`;
      const numbers = size > MIB ? [1, 2] : [1, 2, 3, 4];
      const others = Array.from({ length: 20 }, (_unused, number) => keyOf(number + 1));
      const claims = numbers.map(() => claimOf(others));
      await Promise.all(
        numbers.map(async (seed, index) => {
          await using own = harness.open();
          await write(own, keyOf(0), { size: size + seed, seed, claim: claims[index]?.claim });
        }),
      );
      const keys = claims.map(({ got }) => got[0] ?? '');
      expect(new Set(keys).size).toBe(numbers.length);
      expect(await listKeys(destination, `${host}/`)).toEqual(keys.toSorted());
      for (const [index, seed] of numbers.entries()) {
        expect(await digestOf(destination, keys[index] ?? '')).toBe(
          await digest(makeBytes(size + seed, seed)),
        );
      }
      expect(await harness.leftovers(host)).toEqual([]);
    });

    test('a claimed write that is given up leaves nothing, and its key can be claimed', async () => {
      const { destination, harness, host } = stage();
      const key = `${host}/daily/files/claimed`;
      const sink = destination.write(key, { claim: claimOf().claim });
      const closed = untilClosed(sink);
      for (const chunk of makeBytes(size, 1)) await writeChunk(sink, chunk);
      sink.end();
      sink.destroy(new Error('stop'));
      await closed;
      expect(await listKeys(destination, `${host}/`)).toEqual([]);
      expect(await harness.leftovers(host)).toEqual([]);
      const { claim, got } = claimOf();
      await write(destination, key, { size: 10, seed: 2, claim });
      expect(got).toEqual([key]);
    });
  });

  describe('claimed keys', () => {
    test('a writer that ends later finds the key taken, and gets the next one: its stream is not thrown away', async () => {
      const { destination, harness, host } = stage();
      const key = `${host}/daily/files/claimed`;
      const { claim, got } = claimOf([`${key}-2`, `${key}-3`]);
      const slow = destination.write(key, { claim });
      const closed = untilClosed(slow);
      for (const chunk of makeBytes(MIB, 1)) await writeChunk(slow, chunk);
      await store(destination, key, 10, 2);
      await store(destination, `${key}-2`, 10, 3);
      slow.end();
      await closed;
      expect(slow.errored).toBeNull();
      expect(got).toEqual([`${key}-3`]);
      expect(await digestOf(destination, `${key}-3`)).toBe(await digest(makeBytes(MIB, 1)));
      expect(await digestOf(destination, key)).toBe(await digest(makeBytes(10, 2)));
      expect(await harness.leftovers(host)).toEqual([]);
    });

    test('a claim that names what can be no key is an error, and leaves nothing', async () => {
      const { destination, harness, host } = stage();
      const key = `${host}/daily/files/claimed`;
      await store(destination, key, 10, 1);
      const { claim } = claimOf([`${host}/../../x`]);
      await failureOf(write(destination, key, { size: 10, seed: 2, claim }));
      expect(await listKeys(destination, `${host}/`)).toEqual([key]);
      expect(await harness.leftovers(host)).toEqual([]);
    });

    test('an object that can be moved keeps its bytes, and replaces nothing', async ({ skip }) => {
      const { destination, host } = stage();
      if (!destination.move) return skip('this location would have to store it once more');
      const [from, to] = [`${host}/daily/files/from`, `${host}/daily/files/to`];
      await store(destination, from, 10, 1);
      await destination.move(from, to);
      expect(await listKeys(destination, `${host}/`)).toEqual([to]);
      expect(await digestOf(destination, to)).toBe(await digest(makeBytes(10, 1)));
      await store(destination, from, 10, 2);
      expect(await failureOf(destination.move(from, to))).toBeInstanceOf(ConflictError);
      expect(await listKeys(destination, `${host}/`)).toEqual([from, to]);
      expect(await digestOf(destination, to)).toBe(await digest(makeBytes(10, 1)));
    });
  });

  describe('a write that replaces only what was read', () => {
    test('replaces that version, and no other one', async () => {
      const { destination, harness, host } = stage();
      const key = `${host}/status`;
      await store(destination, key, 1000, 1);
      const first = await versionOf(destination, key);
      await write(destination, key, { size: 1001, seed: 2, replaces: first });
      const second = await versionOf(destination, key);
      expect(second).not.toBe(first);
      await using other = harness.open();
      const failure = await failureOf(write(other, key, { size: 1002, seed: 3, replaces: first }));
      expect(failure).toBeInstanceOf(ConflictError);
      expect(await digestOf(destination, key)).toBe(await digest(makeBytes(1001, 2)));
      await write(other, key, { size: 1002, seed: 3, replaces: second });
      expect(await digestOf(destination, key)).toBe(await digest(makeBytes(1002, 3)));
      expect(await harness.leftovers(host)).toEqual([]);
    });

    test('is a ConflictError when nothing is there any more', async () => {
      const { destination, harness, host } = stage();
      const key = `${host}/status`;
      await store(destination, key, 1000, 1);
      const version = await versionOf(destination, key);
      await destination.delete(key);
      const failure = await failureOf(write(destination, key, { size: 10, seed: 2, replaces: version }));
      expect(failure).toBeInstanceOf(ConflictError);
      expect(await listKeys(destination, `${host}/`)).toEqual([]);
      expect(await harness.leftovers(host)).toEqual([]);
    });
  });
}
