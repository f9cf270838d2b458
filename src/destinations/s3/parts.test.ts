import { setImmediate as turn } from 'node:timers/promises';
import { array, assert, asyncProperty, integer } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createParts, type Parts } from './parts.ts';

const PART = 10;

/** What a worker of the upload does: notes down each part as text, and gives its memory back. */
async function work(parts: Parts, sent: string[]): Promise<void> {
  for await (const { partNumber, data, lastPart } of parts.queue) {
    await turn();
    sent.push(`${partNumber}${lastPart ? ' (last)' : ''}: ${data.toString()}`);
    parts.release(data);
  }
}

const { signal: never } = new AbortController();

describe('parts', () => {
  it('are as large as planned, but for the last one, which may be full, and has to be there', async () => {
    const cut = async (text: string): Promise<string[]> => {
      const parts = createParts({ partSize: PART, queueSize: 1 }, never);
      const sent: string[] = [];
      const working = work(parts, sent);
      await parts.add(Buffer.from(text));
      parts.end();
      await working;
      return sent;
    };
    expect(await cut('')).toEqual(['1 (last): ']);
    expect(await cut('0123456789')).toEqual(['1 (last): 0123456789']);
    expect(await cut('0123456789a')).toEqual(['1: 0123456789', '2 (last): a']);
    expect(await cut('0123456789abcdefghij')).toEqual(['1: 0123456789', '2 (last): abcdefghij']);
  });

  it('hold every byte once, whatever the pieces and the number of workers', async () => {
    await assert(
      asyncProperty(
        array(integer({ min: 0, max: 25 })),
        integer({ min: 1, max: 4 }),
        async (sizes, queueSize) => {
          const parts = createParts({ partSize: PART, queueSize }, never);
          const sent: string[] = [];
          const working = Array.from({ length: queueSize }, () => work(parts, sent));
          let whole = '';
          for (const size of sizes) {
            const piece = Buffer.from(Array.from({ length: size }, (_, i) => 97 + ((whole.length + i) % 26)));
            whole += piece.toString();
            await parts.add(piece);
          }
          parts.end();
          await Promise.all(working);
          const inOrder = sent.toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
          expect(inOrder.map((part) => part.replace(/^.*?: /, '')).join('')).toBe(whole);
        },
      ),
    );
  });

  it('take one block more than are sent at once: the next is filled meanwhile, and none is filled before it was sent', async () => {
    const parts = createParts({ partSize: PART, queueSize: 2 }, never);
    let taken = 0;
    const filling = (async () => {
      for (; taken < 5; taken++) await parts.add(Buffer.alloc(PART, `${taken}`));
      parts.end();
    })();
    const first = await parts.queue.next();
    const second = await parts.queue.next();
    await turn();
    expect(taken).toBe(3);
    expect(second.value?.data.toString()).toBe('1111111111');
    if (first.value) parts.release(first.value.data);
    await turn();
    expect(taken).toBe(4);
    // In the very same memory, and only there.
    expect(first.value?.data.toString()).toBe('3333333333');
    expect(second.value?.data.toString()).toBe('1111111111');
    // And all of it was allocated at once: see `cutBlocks`.
    expect(second.value?.data.buffer).toBe(first.value?.data.buffer);
    expect(second.value?.data.buffer.byteLength).toBe(3 * PART);
    const sent: string[] = [];
    if (second.value) parts.release(second.value.data);
    await work(parts, sent);
    await filling;
    expect(sent).toEqual(['3: 2222222222', '4: 3333333333', '5 (last): 4444444444']);
  });

  it('end with an error for both sides when the upload is given up', async () => {
    const aborting = new AbortController();
    const waiting = createParts({ partSize: PART, queueSize: 1 }, aborting.signal);
    const full = createParts({ partSize: PART, queueSize: 1 }, aborting.signal);
    const taking = waiting.queue.next();
    const adding = full.add(Buffer.alloc(5 * PART));
    aborting.abort();
    await expect(taking).rejects.toThrow(/abort/i);
    await expect(adding).rejects.toThrow(/abort/i);
    await expect(full.queue.next()).rejects.toThrow(/abort/i);
  });
});

it('an object that outgrows the small block that it begins in keeps its bytes', async () => {
  const parts = createParts({ partSize: 200_000, queueSize: 1 }, never);
  const bytes = Buffer.from(Array.from({ length: 150_000 }, (_, i) => i % 251));
  for (let offset = 0; offset < bytes.length; offset += 7000)
    await parts.add(bytes.subarray(offset, offset + 7000));
  parts.end();
  const { value } = await parts.queue.next();
  expect(value?.data.equals(bytes)).toBe(true);
});
