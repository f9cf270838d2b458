/**
 * How many statuses, or folders of a server, are asked for at once. Each takes a few round trips in which nothing else happens: one after the other those of
 * a thousand hosts took minutes.
 */
export const MOST_AT_ONCE = 16;

/**
 * Calls `each` for all items, `most` at a time. Throws the first failure, when those under way have ended as well; after it none is begun.
 */
export async function forEachAtOnce<T>(
  items: Iterable<T>,
  most: number,
  each: (item: T) => Promise<unknown>,
): Promise<void> {
  const rest = (function* () {
    yield* items;
  })();
  const working = Array.from({ length: most }, async () => {
    // One that fails ends what all take from.
    for (const item of rest) await each(item);
  });
  try {
    await Promise.all(working);
  } finally {
    await Promise.allSettled(working);
  }
}

/**
 * What several sources give, in the order in which it comes, `most` of them running at a time. `next` begins another one, also one that an earlier one has led to; undefined:
 * there is none for now. Ended early, or by the first failure, it ends those that run before it does.
 */
export async function* mergeAtOnce<T>(
  most: number,
  next: () => AsyncGenerator<T, void, void> | undefined,
): AsyncGenerator<T, void, void> {
  type Step = { readonly source: AsyncGenerator<T, void, void>; readonly result: IteratorResult<T, void> };
  const running = new Map<AsyncGenerator<T, void, void>, Promise<Step>>();
  const step = (source: AsyncGenerator<T, void, void>): void => {
    const taken = source.next().then((result) => ({ source, result }));
    // It may fail while another one is looked at.
    taken.catch(() => undefined);
    running.set(source, taken);
  };
  try {
    for (;;) {
      for (let more = running.size < most ? next() : undefined; more; ) {
        step(more);
        more = running.size < most ? next() : undefined;
      }
      if (running.size === 0) return;
      const { source, result } = await Promise.race(running.values());
      if (result.done) {
        running.delete(source);
      } else {
        step(source);
        yield result.value;
      }
    }
  } finally {
    await Promise.allSettled([...running.keys()].map((source) => source.return()));
  }
}
