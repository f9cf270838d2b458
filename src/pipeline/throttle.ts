import { Transform, type TransformCallback } from 'node:stream';
import type { RateLimit } from './rate-limit.ts';
import type { Stage } from './run-pipeline.ts';

/** Passes bytes on unchanged, as fast as a limit lets it. */
class Throttle extends Transform {
  readonly #limit: RateLimit;
  readonly #closed = new AbortController();

  constructor(limit: RateLimit) {
    super({ highWaterMark: limit.pieceSize });
    this.#limit = limit;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#passOn(chunk).then(() => callback(), callback);
  }

  /** In pieces, so that what is behind it gets an even stream whatever the size of the chunks. */
  async #passOn(chunk: Buffer): Promise<void> {
    const { pieceSize } = this.#limit;
    for (let at = 0; at < chunk.length; at += pieceSize) {
      const piece = chunk.subarray(at, at + pieceSize);
      await this.#limit.pass(piece.length, this.#closed.signal);
      this.push(piece);
    }
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#closed.abort();
    callback(error);
  }
}

/** The stage that holds a pipeline to a limit; none where there is no limit. */
export function throttled(limit: RateLimit | undefined): Stage[] {
  return limit === undefined ? [] : [new Throttle(limit)];
}
