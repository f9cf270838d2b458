import { execFileSync } from 'node:child_process';
import { uptime } from 'node:os';
import { describe, expect, test, vi } from 'vitest';
import { newPartialName } from '../../src/lock/owner.ts';
import { deadOwner, ownerOfAnotherBoot, ownerWith, STRANGERS } from '../fixtures/owners.ts';
import { digest, digestOf, listKeys, MIB, makeBytes, store, untilClosed, writeChunk } from './bytes.ts';
import type { Stage } from './destination.ts';

const DAY_MS = 24 * 3_600_000;
const MINUTE_MS = 60_000;

/** A name as an earlier process with the number of this one would have chosen it. */
function ownerWithOurNumber(): string {
  return ownerWith({ start: '1' });
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

    test('leftovers are what it would remove, each with the command that does, and stay', async () => {
      const { destination, harness, host } = stage();
      const dead = await harness.plant(host, deadOwner());
      const live = await harness.plant(host, newPartialName());
      await harness.plant(host, STRANGERS['another machine']?.() ?? '');
      const found = await destination.leftovers(host);
      for (const { what } of found) expect(what).toContain(host);
      expect(await harness.leftovers(host)).toHaveLength(3);
      const commands = found.map(({ command }) => command ?? expect.fail('it has no command'));
      // The command line of AWS is no part of the lab; an upload has a marker beside it.
      const shown = commands.map((command) => / s3api (\S+) --bucket /.exec(command)?.[1]);
      if (shown[0] !== undefined) {
        expect(shown).toEqual(['abort-multipart-upload', 'delete-object']);
        return;
      }
      expect(commands).toHaveLength(1);
      execFileSync('sh', ['-c', commands.join('\n')], { stdio: 'pipe' });
      const left = await harness.leftovers(host);
      expect(left).toContain(live);
      expect(left).not.toContain(dead);
    });

    test('keeps what a live run is writing', async () => {
      const { destination, harness, host } = stage();
      const live = await harness.plant(host, newPartialName());
      await harness.plant(host, deadOwner());
      expect(await destination.sweep(host)).toHaveLength(1);
      expect(await harness.leftovers(host)).toEqual([live]);
    });

    /** It is there just before it was idle for `ms`, and is removed just after. */
    async function expectPatience(owner: string, ms: number): Promise<void> {
      const { destination, harness, host } = stage();
      const planted = await harness.plant(host, owner);
      expect(await destination.sweep(host)).toEqual([]);
      await using almost = harness.openLater(host, ms - MINUTE_MS);
      expect(await almost.sweep(host)).toEqual([]);
      expect(await harness.leftovers(host)).toEqual([planted]);
      await using later = harness.openLater(host, ms + MINUTE_MS);
      expect(await later.sweep(host)).toHaveLength(1);
      expect(await harness.leftovers(host)).toEqual([]);
    }

    test.each(Object.entries(STRANGERS))(
      'what belongs to %s is left alone until nothing was written to it for a day',
      (_who, owner) => expectPatience(owner(), DAY_MS),
    );

    test('what an earlier boot of this machine wrote is removed, but not what a clone may have written since this boot', () =>
      expectPatience(ownerOfAnotherBoot(), Math.min(uptime() * 1000, DAY_MS)));

    test('a clock of ours that is ahead by days makes nothing old', async () => {
      const { destination, harness, host } = stage();
      const planted = await harness.plant(host, STRANGERS['another machine']?.() ?? '');
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3 * DAY_MS });
      try {
        expect(await destination.sweep(host)).toEqual([]);
      } finally {
        vi.useRealTimers();
      }
      expect(await harness.leftovers(host)).toEqual([planted]);
    });

    test('what is dated in the future counts as just written', async () => {
      const { harness, host } = stage();
      const planted = await harness.plant(host, STRANGERS['another machine']?.() ?? '');
      await using earlier = harness.openLater(host, -2 * DAY_MS);
      expect(await earlier.sweep(host)).toEqual([]);
      expect(await harness.leftovers(host)).toEqual([planted]);
    });

    test('what a live run writes is kept, however long it is idle', async () => {
      const { harness, host } = stage();
      const live = await harness.plant(host, newPartialName());
      await using later = harness.openLater(host, 30 * DAY_MS);
      expect(await later.sweep(host)).toEqual([]);
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
