/** Lends out the buffers in which parts wait and are sent, always the same memory. */
export interface PartBuffers {
  /** A buffer of `size` bytes, once one of `slots` is free; another size waits until all have been given back. */
  lend(size: number, slots: number): Promise<Buffer>;
  /** Gives a buffer back. */
  give(buffer: Buffer): void;
}

/**
 * Buffers cut from one block of `bytes`, or of more when a part needs more.
 *
 * One block, because buffers that come and go are freed only when the garbage collector notices them: at tens of
 * MiB each the process would hold many times what is in use. Pages that were never written to cost nothing.
 */
export function createPartBuffers(bytes: number): PartBuffers {
  let block: Buffer | undefined;
  let cutTo = 0;
  let free: Buffer[] = [];
  let cutInto = 0;
  let wake: (() => void) | undefined;
  const returned = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });

  const cut = (size: number, slots: number): void => {
    if (!block || block.length < size * slots) {
      block = undefined;
      block = Buffer.allocUnsafeSlow(Math.max(size * slots, bytes));
    }
    const whole = block;
    free = Array.from({ length: slots }, (_, slot) =>
      whole.subarray(slot * size, (slot + 1) * size),
    ).toReversed();
    cutTo = size;
    cutInto = slots;
  };

  return {
    async lend(size, slots) {
      if (size !== cutTo) {
        while (free.length < cutInto) await returned();
        cut(size, slots);
      }
      let buffer = free.pop();
      while (!buffer) {
        await returned();
        buffer = free.pop();
      }
      return buffer;
    },
    give(buffer) {
      free.push(buffer);
      wake?.();
    },
  };
}
