import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { newPartialName } from '../../src/lock/owner.ts';
import { digest, digestOf, listKeys, MIB, makeBytes, store, untilClosed, writeChunk } from './bytes.ts';
import type { Stage } from './destination.ts';

/** A name as a process that has exited would have chosen it. */
function deadOwner(): string {
  return `${spawnSync('true').pid}-1-00112233aabbccdd`;
}

/** A name as an earlier process with the number of this one would have chosen it. */
function ownerWithOurNumber(): string {
  return `${process.pid}-1-00112233aabbccdd`;
}

/** What runs that died have left behind. */
export function testSweep(stage: () => Stage): void {
  describe('sweep', () => {
    test('removes what dead runs of this host left half-written, and says so', async () => {
      const { destination, harness, host } = stage();
      await store(destination, `${host}/status`, 10, 1);
      const planted = [
        await harness.plant(host, deadOwner()),
        await harness.plant(host, ownerWithOurNumber()),
      ];
      expect((await harness.leftovers(host)).toSorted()).toEqual(planted.toSorted());
      const removed = await destination.sweep(host);
      expect(removed).toHaveLength(2);
      expect(removed.join('\n')).toContain(host);
      expect(await harness.leftovers(host)).toEqual([]);
      expect(await listKeys(destination, `${host}/`)).toEqual([`${host}/status`]);
      expect(await destination.sweep(host)).toEqual([]);
    });

    test('keeps what a live run is writing', async () => {
      const { destination, harness, host } = stage();
      const live = await harness.plant(host, newPartialName());
      await harness.plant(host, deadOwner());
      expect(await destination.sweep(host)).toHaveLength(1);
      expect(await harness.leftovers(host)).toEqual([live]);
    });

    test('a write that is under way survives a sweep and finishes', async () => {
      const { destination, harness, host } = stage();
      const key = `${host}/daily/files/under-way`;
      const sink = destination.write(key);
      const closed = untilClosed(sink);
      const chunks = [...makeBytes(12 * MIB, 1)];
      for (const chunk of chunks.slice(0, 150)) await writeChunk(sink, chunk);
      await using other = harness.open();
      expect(await other.sweep(host)).toEqual([]);
      for (const chunk of chunks.slice(150)) await writeChunk(sink, chunk);
      sink.end();
      await closed;
      expect(await digestOf(destination, key)).toBe(await digest(chunks));
    });

    test('leaves other hosts alone, also those whose name begins alike', async () => {
      const { destination, harness, host } = stage();
      const other = await harness.plant(`${host}0`, deadOwner());
      expect(await destination.sweep(host)).toEqual([]);
      expect(await harness.leftovers(`${host}0`)).toEqual([other]);
      expect(await destination.sweep(`${host}0`)).toHaveLength(1);
    });

    test('a host without anything has nothing to sweep', async () => {
      const { destination, host } = stage();
      expect(await destination.sweep(host)).toEqual([]);
    });
  });
}
