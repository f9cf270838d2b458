import { Transform, type TransformCallback } from 'node:stream';
import { IntegrityError } from '../errors.ts';

/** An archive ends in two blocks of zeros. Source: POSIX.1-2017, pax, "ustar Interchange Format". */
const END_SIZE = 1024;

/**
 * Passes an archive on and errors instead of ending when its end is missing. tar itself takes a stream that was cut
 * between two members for a whole one, and nothing else would notice where no status has a checksum.
 */
export class TarEndCheck extends Transform {
  #tail = Buffer.alloc(0);
  #size = 0;

  /** Bytes of the archive so far. */
  get size(): number {
    return this.#size;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#size += chunk.length;
    this.#tail = Buffer.concat([this.#tail, chunk.subarray(-END_SIZE)]).subarray(-END_SIZE);
    callback(null, chunk);
  }

  override _flush(callback: TransformCallback): void {
    const isWhole = this.#tail.length === END_SIZE && this.#tail.every((byte) => byte === 0);
    callback(isWhole ? null : new IntegrityError('the archive in it was cut short: its end is missing'));
  }
}
