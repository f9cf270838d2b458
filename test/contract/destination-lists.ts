import { describe, expect, test } from 'vitest';
import { inParallel, listAll, listKeys, store, untilClosed, writeChunk } from './bytes.ts';
import type { Stage } from './destination.ts';

const MANY = 3000;
const WIDTH = 16;

/** Listing objects. */
export function testLists(stage: () => Stage): void {
  describe('lists', () => {
    test('a folder that is not there lists empty', async () => {
      const { destination, host } = stage();
      expect(await listKeys(destination, `${host}/`)).toEqual([]);
      expect(await listKeys(destination, `${host}/daily/files/_etc`)).toEqual([]);
    });

    test('lists keys with sizes and times at every depth', async () => {
      const { destination, host } = stage();
      const before = Date.now();
      await store(destination, `${host}/status`, 5, 1);
      await store(destination, `${host}/daily/files/a`, 6, 1);
      const found = await listAll(destination, `${host}/`);
      const sizes = Object.fromEntries(found.map(({ key, size }) => [key, size]));
      expect(sizes).toEqual({ [`${host}/daily/files/a`]: 6, [`${host}/status`]: 5 });
      for (const { modified } of found) expect(modified.getTime()).toBeGreaterThan(before - 2000);
    });

    test('a prefix is a plain string: it need not end at a folder, and ends where it says', async () => {
      const { destination, host } = stage();
      const files = `${host}/daily/files`;
      const [home, home2, etc] = [`${files}/_home-1.gz`, `${files}/_home2-1.gz`, `${files}/_etc-1.gz`];
      const hourly = `${host}/hourly/files/_home-1.gz`;
      const otherHost = `${host}0/daily/files/_home-1.gz`;
      for (const key of [home, home2, etc, hourly, otherHost]) await store(destination, key, 1, 1);
      expect(await listKeys(destination, `${files}/_home`)).toEqual([home, home2].toSorted());
      expect(await listKeys(destination, home)).toEqual([home]);
      expect(await listKeys(destination, `${files}/`)).toEqual([etc, home, home2].toSorted());
      expect(await listKeys(destination, `${host}/dai`)).toEqual([etc, home, home2].toSorted());
      expect(await listKeys(destination, `${host}/`)).toEqual([etc, home, home2, hourly].toSorted());
      expect(await listKeys(destination, host)).toEqual([etc, home, home2, hourly, otherHost].toSorted());
      expect(await listKeys(destination, '')).toEqual(
        expect.arrayContaining([etc, home, home2, hourly, otherHost]),
      );
      expect(await listKeys(destination, `${home}/`)).toEqual([]);
    });

    test('never lists what is half-written', async () => {
      const { destination, harness, host } = stage();
      await harness.plant(host, `${process.pid}-1-00ff`);
      const sink = destination.write(`${host}/daily/files/unfinished`);
      await writeChunk(sink, Buffer.alloc(100_000));
      for (const prefix of [
        '',
        host,
        `${host}/`,
        `${host}/.`,
        `${host}/.partial`,
        `${host}/.partial/`,
        `${host}/daily/files/`,
      ]) {
        const found = await listKeys(destination, prefix);
        expect(found.filter((key) => key.startsWith(host))).toEqual([]);
      }
      sink.destroy();
      await untilClosed(sink);
    });

    test(`lists ${MANY} objects, each of them once`, { timeout: 240_000 }, async () => {
      const { destination, host } = stage();
      const keys = Array.from(
        { length: MANY },
        (_, number) => `${host}/binlog/mysql-bin.${String(number).padStart(6, '0')}.gz`,
      );
      await inParallel(keys, WIDTH, (key) => store(destination, key, 3, 1));
      expect(await listKeys(destination, `${host}/binlog/`)).toEqual(keys);
      expect(await listKeys(destination, `${host}/binlog/mysql-bin.0029`)).toHaveLength(100);
      await inParallel(keys, WIDTH, (key) => destination.delete(key));
      expect(await listKeys(destination, `${host}/`)).toEqual([]);
    });

    test('a listing may be left half-way', async () => {
      const { destination, host } = stage();
      for (const name of ['a', 'b', 'c']) await store(destination, `${host}/daily/files/${name}`, 1, 1);
      for await (const info of destination.list(`${host}/`)) {
        expect(info.size).toBe(1);
        break;
      }
      expect(await listKeys(destination, `${host}/`)).toHaveLength(3);
    });
  });
}
