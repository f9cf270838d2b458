import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createPartBuffers } from './part-buffers.ts';

test('lends each slot once, and waits for one to come back when all are out', async () => {
  const buffers = createPartBuffers(100);
  const first = await buffers.lend(40, 2);
  const second = await buffers.lend(40, 2);
  first.fill(1);
  second.fill(2);
  expect(first.every((byte) => byte === 1)).toBe(true);
  const third = buffers.lend(40, 2);
  expect(await Promise.race([third, turn('waits')])).toBe('waits');
  buffers.give(first);
  expect(await third).toBe(first);
});

test('another size waits until everything is back, and takes no other memory', async () => {
  const buffers = createPartBuffers(100);
  const out = [await buffers.lend(20, 3), await buffers.lend(20, 3)];
  const waiting = buffers.lend(50, 2);
  for (const buffer of out) {
    expect(await Promise.race([waiting, turn('waits')])).toBe('waits');
    buffers.give(buffer);
  }
  const larger = await waiting;
  expect(larger.length).toBe(50);
  expect(larger.buffer).toBe(out[0]?.buffer);
});

test('a part larger than the block still gets its buffer', async () => {
  const buffers = createPartBuffers(100);
  buffers.give(await buffers.lend(50, 2));
  expect((await buffers.lend(300, 2)).length).toBe(300);
});
