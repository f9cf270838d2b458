import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { collect, ObjectTooLargeError } from './collect.ts';

it('takes as many bytes as are allowed, and not one more', async () => {
  const of = (...sizes: number[]) => Readable.from(sizes.map((size) => Buffer.alloc(size, 'x')));
  expect((await collect(of(4, 6), 10)).toString()).toBe('x'.repeat(10));
  await expect(collect(of(4, 7), 10)).rejects.toThrow(ObjectTooLargeError);
});

it('reads no further than the limit, and ends the stream', async () => {
  let given = 0;
  const endless = new Readable({
    read() {
      given += 1024;
      this.push(Buffer.alloc(1024));
    },
  });
  await expect(collect(endless, 100_000)).rejects.toThrow('it has more than 97.7 KiB');
  expect(endless.destroyed).toBe(true);
  expect(given).toBeLessThan(200_000);
});

it("passes the stream's own error on", async () => {
  const failing = new Readable({
    read() {
      this.destroy(new Error('the disk is broken'));
    },
  });
  await expect(collect(failing, 10)).rejects.toThrow('the disk is broken');
});
