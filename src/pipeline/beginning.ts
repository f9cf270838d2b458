import { Writable } from 'node:stream';

/** Takes all bytes and keeps the first of them. */
export class Beginning extends Writable {
  readonly #limit: number;
  #bytes: Buffer = Buffer.alloc(0);

  /** `limit`: how many bytes to keep. */
  constructor(limit: number) {
    super({ highWaterMark: 1 << 20 });
    this.#limit = limit;
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    const missing = this.#limit - this.#bytes.length;
    if (missing > 0) this.#bytes = Buffer.concat([this.#bytes, bytes.subarray(0, missing)]);
    callback();
  }
}
