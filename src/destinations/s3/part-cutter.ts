import { createPartBuffers } from './part-buffers.ts';
import { BUFFER_BUDGET, type PartPlan } from './part-plan.ts';

/** Most objects are small status files: for those a block for many parts is not worth allocating. */
const FIRST_BUFFER = 1024 ** 2;

/** A part that is to be sent. */
export interface CutPart {
  /** From 1. */
  readonly number: number;
  readonly bytes: Buffer;
  /** Says that the bytes have been sent: their memory is used again. */
  release(): void;
}

/** Cuts a stream into the parts of a plan. */
export interface PartCutter {
  /** Takes bytes, and hands over each part that they fill. Waits for memory. Never called again before it has ended. */
  add(chunk: Buffer): Promise<void>;
  /** What no full part has taken, without bytes when there is nothing. To be called once, at the end. */
  last(): CutPart;
}

interface CutterOptions {
  readonly plan: PartPlan;
  /** The most parts under way at once, whatever the plan allows. */
  readonly concurrency: number;
  /** Once it aborts, nobody waits for memory. */
  readonly signal: AbortSignal;
}

/** A cutter that gives full parts to `send`, which resolves when the next one may be filled. */
export function createPartCutter(
  { plan, concurrency, signal }: CutterOptions,
  send: (part: CutPart) => Promise<void>,
): PartCutter {
  const buffers = createPartBuffers(BUFFER_BUDGET);
  let number = 1;
  let current: Buffer | undefined;
  let filled = 0;
  /** Whether `current` is one of `buffers`. */
  let isLent = false;

  const lend = async (): Promise<Buffer> => {
    // One more than is under way: the one being filled.
    const slots = Math.min(plan.inFlight(number), concurrency) + 1;
    const buffer = await buffers.lend(plan.partSize(number), slots);
    isLent = true;
    signal.throwIfAborted();
    return buffer;
  };

  const take = (): CutPart => {
    const [buffer, wasLent] = [current ?? Buffer.alloc(0), isLent];
    const bytes = buffer.subarray(0, filled);
    current = undefined;
    filled = 0;
    return {
      number,
      bytes,
      release() {
        if (wasLent) buffers.give(buffer);
      },
    };
  };

  return {
    async add(chunk) {
      for (let rest = chunk; rest.length > 0; ) {
        current ??= number === 1 ? firstBuffer(plan) : await lend();
        const copied = rest.copy(current, filled);
        filled += copied;
        rest = rest.subarray(copied);
        if (filled < current.length) continue;
        if (filled < plan.partSize(number)) {
          const larger = await lend();
          current.copy(larger);
          current = larger;
        } else {
          await send(take());
          number++;
        }
      }
    },
    last: take,
  };
}

function firstBuffer(plan: PartPlan): Buffer {
  return Buffer.allocUnsafeSlow(Math.min(FIRST_BUFFER, plan.partSize(1)));
}
