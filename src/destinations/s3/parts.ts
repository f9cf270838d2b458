import { EventEmitter, once } from 'node:events';

/** Bytes of what the first part begins in: a status of some KiB needs no full block. Each of those counts in V8's memory, which made small objects slow. */
const SMALL_BLOCK = 64 * 1024;

/** A part of an upload, in the form in which lib-storage's workers take it. */
export interface Part {
  /** Counted from 1. */
  readonly partNumber: number;
  readonly data: Buffer;
  readonly lastPart: boolean;
}

/** Bytes on their way into parts. */
export interface Parts {
  /** Resolves when the bytes have been copied: once there is room. */
  add(bytes: Buffer): Promise<void>;
  /** No more bytes come. */
  end(): void;
  /** For several workers at once: each gets the next part. Ends after the last part; rejects when the signal aborts. */
  readonly queue: AsyncGenerator<Part, void, void>;
  /** The part has been sent, and its memory serves another. */
  release(part: Buffer): void;
}

/**
 * Cuts what comes into parts of `partSize` bytes, of which `queueSize` can be sent while one more is being filled.
 *
 * In blocks that are used again. lib-storage's own cutter joins what came to a new block for each part, beside which the pieces and
 * the block before stay in memory; and a block that has been sent is garbage which V8 seldom collects, as it counts for little in its heap.
 */
export function createParts(
  { partSize, queueSize }: { readonly partSize: number; readonly queueSize: number },
  signal: AbortSignal,
): Parts {
  const changes = new EventEmitter();
  const ready: Part[] = [];
  let free: Buffer[] | undefined;
  let block: Buffer | undefined = partSize > SMALL_BLOCK ? Buffer.allocUnsafeSlow(SMALL_BLOCK) : undefined;
  let filled = 0;
  let partNumber = 0;

  const takeBlock = async (): Promise<Buffer> => {
    free ??= cutBlocks(partSize, queueSize + 1);
    for (;;) {
      const used = free.pop();
      if (used) return used;
      await once(changes, 'released', { signal });
    }
  };
  const hand = (lastPart: boolean): void => {
    const data = block?.subarray(0, filled) ?? Buffer.alloc(0);
    block = undefined;
    filled = 0;
    ready.push({ partNumber: ++partNumber, data, lastPart });
    changes.emit('ready');
  };
  /** The block to fill, in which there is room. */
  const needRoom = async (): Promise<Buffer> => {
    // Not before there is another byte: the last part may be a full one.
    if (filled === partSize) hand(false);
    if (block && filled < block.length) return block;
    const next = await takeBlock();
    block?.copy(next);
    block = next;
    return next;
  };

  async function* takeParts(): AsyncGenerator<Part, void, void> {
    for (;;) {
      signal.throwIfAborted();
      const part = ready.shift();
      if (part) yield part;
      else await once(changes, 'ready', { signal });
      if (part?.lastPart) return;
    }
  }

  return {
    queue: takeParts(),
    async add(bytes) {
      for (let offset = 0; offset < bytes.length; ) {
        const copied = bytes.copy(await needRoom(), filled, offset);
        filled += copied;
        offset += copied;
      }
    },
    end: () => hand(true),
    release(part) {
      if (part.length < partSize) return;
      free?.push(part);
      changes.emit('released');
    },
  };
}

/**
 * Blocks for parts, all cut from one allocation, whose pages cost nothing until something is written to them. With one allocation for each, V8
 * collected all garbage up to ten times a second until the upload ended, for a fifth of its CPU time, unless started without incremental marking as in
 * `cli/main.ts`: its limit counts bytes outside of its heap since it last did.
 */
function cutBlocks(size: number, count: number): Buffer[] {
  const memory = Buffer.allocUnsafeSlow(size * count);
  // The first one last: they are taken from the end.
  return Array.from({ length: count }, (_, index) =>
    memory.subarray(index * size, (index + 1) * size),
  ).toReversed();
}
