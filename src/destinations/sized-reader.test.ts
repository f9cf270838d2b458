import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createSizedReader } from './sized-reader.ts';

/** A reader of an object of `size` bytes that gives these chunks; what it does is noted down. */
function makeReader(size: number, chunks: readonly string[], hold: Promise<void> = Promise.resolve()) {
  const steps: string[] = [];
  const rest = [...chunks];
  const stream = createSizedReader(
    (signal) => {
      signal.addEventListener('abort', () => steps.push('aborted'));
      return {
        open: async () => {
          steps.push('open');
          await hold;
          return size;
        },
        next: async () => {
          const chunk = rest.shift();
          return chunk === undefined ? undefined : Buffer.from(chunk);
        },
        close: async () => void steps.push('close'),
      };
    },
    { explain: (cause) => new Error(`Cannot read x: ${(cause as Error).message}`), highWaterMark: 10 },
  );
  return { stream, steps };
}

describe('a sized reader', () => {
  it('gives all bytes, and closes what it has opened', async () => {
    const { stream, steps } = makeReader(5, ['he', 'llo']);
    expect(await text(stream)).toBe('hello');
    await turn();
    expect(steps).toEqual(['open', 'aborted', 'close']);
  });

  it('reads an object of 0 bytes', async () => {
    expect(await text(makeReader(0, []).stream)).toBe('');
  });

  it('never ends early or late in silence', async () => {
    await expect(text(makeReader(5, ['he']).stream)).rejects.toThrow(
      'Cannot read x: it ended after 2 of 5 bytes',
    );
    await expect(text(makeReader(1, ['he']).stream)).rejects.toThrow(
      'Cannot read x: it has more than its 1 bytes',
    );
  });

  it('destroyed while it opens: closes at once, and what was opened once the step has ended', async () => {
    let release = (): void => {};
    const hold = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { stream, steps } = makeReader(5, ['hello'], hold);
    stream.resume();
    await turn();
    stream.destroy();
    await turn();
    expect(stream.closed).toBe(true);
    expect(steps).toEqual(['open', 'aborted']);
    release();
    await turn();
    expect(steps).toEqual(['open', 'aborted', 'close']);
  });
});
