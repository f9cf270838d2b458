import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { forEachAtOnce, mergeAtOnce } from './at-once.ts';

/** Counts how many are under way, and how many at most were. */
function gauge() {
  let now = 0;
  const seen = { most: 0 };
  const pass = async (turns: number): Promise<void> => {
    now += 1;
    seen.most = Math.max(seen.most, now);
    for (let left = turns; left > 0; left--) await turn();
    now -= 1;
  };
  return { seen, pass };
}

describe('forEachAtOnce', () => {
  it('does each once, and so many at a time', async () => {
    const { seen, pass } = gauge();
    const done: number[] = [];
    await forEachAtOnce([3, 1, 2, 5, 4], 2, async (turns) => {
      await pass(turns);
      done.push(turns);
    });
    expect(done.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
    expect(seen.most).toBe(2);
  });

  it('begins none after a failure, which it throws when the others have ended', async () => {
    const begun: number[] = [];
    let ended = false;
    const all = forEachAtOnce([1, 2, 3, 4], 2, async (item) => {
      begun.push(item);
      if (item === 1) throw new Error('first');
      for (let left = 5; left > 0; left--) await turn();
      ended = true;
    });
    await expect(all).rejects.toThrow('first');
    expect(begun).toEqual([1, 2]);
    expect(ended).toBe(true);
  });
});

describe('mergeAtOnce', () => {
  it('gives what all sources give, also those that others have led to, and so many run at a time', async () => {
    const { seen, pass } = gauge();
    const names = ['a', 'b', 'c'];
    async function* read(name: string): AsyncGenerator<string, void, void> {
      if (name.length < 3) names.push(`${name}x`, `${name}y`);
      await pass(3);
      yield `${name}1`;
      await pass(1);
      yield `${name}2`;
    }
    const given: string[] = [];
    const next = () => {
      const name = names.pop();
      return name === undefined ? undefined : read(name);
    };
    for await (const item of mergeAtOnce(4, next)) given.push(item);
    expect(given).toHaveLength(3 * 7 * 2);
    expect(new Set(given).size).toBe(3 * 7 * 2);
    expect(seen.most).toBe(4);
  });

  it.each(['a failure', 'the caller'])('ended by %s, it ends the sources that run', async (by) => {
    let open = 0;
    async function* read(fails: boolean): AsyncGenerator<number, void, void> {
      open += 1;
      try {
        await turn();
        if (fails) throw new Error('no such folder');
        for (;;) {
          await turn();
          yield 1;
        }
      } finally {
        open -= 1;
      }
    }
    const sources = [read(false), read(by === 'a failure'), read(false)];
    const merged = mergeAtOnce(3, () => sources.pop());
    const reading = (async () => {
      let count = 0;
      for await (const item of merged) if ((count += item) === 20) break;
    })();
    if (by === 'a failure') await expect(reading).rejects.toThrow('no such folder');
    else await reading;
    expect(open).toBe(0);
  });
});
