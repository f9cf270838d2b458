import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Destination } from '../../src/destinations/destination.ts';
import { digest, digestOf, KIB, store } from './bytes.ts';
import type { Stage } from './destination.ts';

type Share = NonNullable<Destination['share']>;

/** Where there is such a thing: URLs for those who have nothing but the URL. */
export function testShare(stage: () => Stage): void {
  const cannotShare = 'this kind of destination cannot share';

  /** What a program without credentials gets. */
  async function fetchDigest(url: string): Promise<string> {
    const answer = await fetch(url);
    expect(answer.status).toBe(200);
    return await digest([Buffer.from(await answer.arrayBuffer())]);
  }

  async function stored(): Promise<{ share: Share | undefined; key: string; destination: Destination }> {
    const { destination, host } = stage();
    const key = `${host}/daily/files/a +name%41 \u00e9&?#-2026-01-01_00_00_00.tar.gz`;
    if (destination.share !== undefined) await store(destination, key, 100 * KIB, 1);
    return { share: destination.share, key, destination };
  }

  describe('share', () => {
    test('gives a URL that yields the very bytes, whatever the name', async ({ skip }) => {
      const { share, key, destination } = await stored();
      if (share === undefined) return skip(cannotShare);
      expect(await fetchDigest(await share(key, 300))).toBe(await digestOf(destination, key));
    });

    test('makes nothing public: without what the URL adds, and for other objects, access is denied', async ({
      skip,
    }) => {
      const { share, key, destination } = await stored();
      if (share === undefined) return skip(cannotShare);
      await store(destination, `${key}-other`, KIB, 1);
      const url = new URL(await share(key, 300));
      expect((await fetch(url.origin + url.pathname)).status).toBe(403);
      expect((await fetch(`${url.origin}${url.pathname}-other${url.search}`)).status).toBe(403);
      expect((await fetch(url, { method: 'DELETE' })).status).toBe(403);
      expect((await fetch(url)).status).toBe(200);
    });

    test('gives a URL that is refused once its time is over', async ({ skip }) => {
      const { share, key } = await stored();
      if (share === undefined) return skip(cannotShare);
      const url = await share(key, 2);
      await delay(2000);
      await expect.poll(async () => (await fetch(url)).status, { timeout: 20_000 }).toBe(403);
    });

    test('gives a URL whose end cannot be put off', async ({ skip }) => {
      const { share, key } = await stored();
      if (share === undefined) return skip(cannotShare);
      const url = await share(key, 300);
      expect(url).toContain('=300&');
      expect((await fetch(url.replace('=300&', '=3000&'))).status).toBe(403);
    });
  });
}
