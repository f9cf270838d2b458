import { Transform, type TransformCallback, type Writable } from 'node:stream';

/**
 * Passes bytes on unchanged and writes them to a second place as well. Ends only after the second place has finished;
 * errors when that fails; destroyed, it destroys the second writer and closes after it.
 */
export class KeepLocal extends Transform {
  readonly #copy: Writable;

  constructor(copy: Writable) {
    super({ highWaterMark: 1 << 20 });
    this.#copy = copy;
    copy.on('error', (error) => this.destroy(error));
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    if (this.#copy.write(chunk)) callback(null, chunk);
    else this.#copy.once('drain', () => callback(null, chunk));
  }

  override _flush(callback: TransformCallback): void {
    this.#copy.end((error?: Error | null) => callback(error));
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (this.#copy.closed) {
      callback(error);
      return;
    }
    this.#copy.once('close', () => callback(error));
    this.#copy.destroy(error ?? undefined);
  }
}
