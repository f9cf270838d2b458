import { createHash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';

/** What identifies the bytes of an object. */
export interface Digest {
  /** Bytes. */
  readonly size: number;
  /** SHA-256 in hex. */
  readonly sha256: string;
}

/** Passes bytes on unchanged, counts them and computes their SHA-256. */
export class DigestMeter extends Transform {
  readonly #hash = createHash('sha256');
  readonly #onBytes: ((count: number) => void) | undefined;
  #size = 0;
  #digest: Digest | undefined;

  /** `onBytes` is told of each chunk's length as it passes, for a progress line. */
  constructor(onBytes?: (count: number) => void) {
    super({ highWaterMark: 1 << 20 });
    this.#onBytes = onBytes;
  }

  /** The result; throws while the stream has not ended. */
  get digest(): Digest {
    if (this.#digest === undefined) throw new Error('The stream has not ended yet, so it has no digest');
    return this.#digest;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#hash.update(chunk);
    this.#size += chunk.length;
    this.#onBytes?.(chunk.length);
    callback(null, chunk);
  }

  override _flush(callback: TransformCallback): void {
    this.#digest = { size: this.#size, sha256: this.#hash.digest('hex') };
    callback();
  }
}
