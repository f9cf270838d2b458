import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { InterruptedError } from '../errors.ts';
import type { Destination, ObjectInfo } from './destination.ts';
import { untilAborted } from './until-aborted.ts';

const OBJECT: ObjectInfo = { key: 'db1/x', size: 1, modified: new Date(0) };
const never = () => new Promise<never>(() => undefined);

/** A destination that answers the first question, and then hangs. */
function hanging(): Destination {
  return {
    stat: never,
    read: () => new Readable({ read: () => undefined }),
    async *list() {
      yield OBJECT;
      await never();
    },
  } as unknown as Destination;
}

async function count(objects: AsyncIterable<ObjectInfo>): Promise<number> {
  let number = 0;
  for await (const _object of objects) number += 1;
  return number;
}

describe('a destination that hangs', () => {
  const interruption = new InterruptedError('SIGTERM');
  it.each([
    ['stat', (destination: Destination) => destination.stat('db1/x')],
    ['read', (destination: Destination) => buffer(destination.read('db1/x'))],
    ['list', (destination: Destination) => count(destination.list(''))],
  ])('holds up no %s after the signal', async (_, look) => {
    const stop = new AbortController();
    const looking = look(untilAborted(hanging(), stop.signal));
    setTimeout(() => stop.abort(interruption), 20);
    await expect(looking).rejects.toBe(interruption);
  });
});

describe('a destination that answers', () => {
  const answering = {
    stat: async () => OBJECT,
    read: () => Readable.from([Buffer.from('content')]),
    async *list() {
      yield OBJECT;
      yield OBJECT;
    },
  } as unknown as Destination;

  it.each([['before the signal'], ['after it, for cleaning up']])('is as it was, %s', async (when) => {
    const stop = new AbortController();
    if (when !== 'before the signal') stop.abort(new InterruptedError('SIGTERM'));
    const destination = untilAborted(answering, stop.signal);
    expect(await destination.stat('db1/x')).toBe(OBJECT);
    expect((await buffer(destination.read('db1/x'))).toString()).toBe('content');
    expect(await count(destination.list(''))).toBe(2);
  });
});
