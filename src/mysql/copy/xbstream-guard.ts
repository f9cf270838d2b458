import { Transform, type TransformCallback } from 'node:stream';
import type { XbstreamDialect } from './xbstream-chunk.ts';
import { attempt, XbstreamWalker } from './xbstream-walker.ts';

/**
 * Stands in front of mbstream or xbstream on another host, which write to any path in a stream: passes a chunk on only when it is known that the
 * program will stay in its folder with it. Errors otherwise, and when the stream ends before it is complete. The bytes of the
 * files go through untouched; their checksums are for the program to compare.
 */
export class XbstreamGuard extends Transform {
  readonly #walker: XbstreamWalker;

  /** `dialect`: that of the program behind. */
  constructor(dialect: Exclude<XbstreamDialect, 'any'>) {
    super({ highWaterMark: 1 << 20 });
    this.#walker = new XbstreamWalker(dialect);
  }

  override _transform(bytes: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    const before = this.#walker.unknown;
    attempt(() => {
      this.#walker.take(bytes);
      const held = this.#walker.unknown.length;
      // More than came now: still the header that was begun earlier.
      if (held > bytes.length) return;
      if (before.length > 0) this.push(before);
      if (held < bytes.length) this.push(held === 0 ? bytes : bytes.subarray(0, bytes.length - held));
    }, callback);
  }

  override _flush(callback: TransformCallback): void {
    attempt(() => this.#walker.finish(), callback);
  }
}
