import { Transform, type TransformCallback } from 'node:stream';
import { IntegrityError } from '../errors.ts';
import type { TarMember } from './tar-header.ts';
import { TarWalker } from './tar-walker.ts';

interface TarCheckOptions {
  /** What the operator can do about a stream that is no archive. */
  readonly remedy?: string;
  readonly onMember?: (member: TarMember) => void;
}

/** Passes a tar archive on and errors with the IntegrityError of `TarWalker` when it is none, damaged, or not complete. */
export class TarCheck extends Transform {
  readonly #walker: TarWalker;
  readonly #remedy: string | undefined;

  constructor({ remedy, onMember }: TarCheckOptions = {}) {
    super({ highWaterMark: 1 << 20 });
    this.#walker = new TarWalker(onMember && { member: onMember });
    this.#remedy = remedy;
  }

  /** Bytes of the archive so far. */
  get size(): number {
    return this.#walker.size;
  }

  /** Members of the archive so far. */
  get members(): number {
    return this.#walker.members;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#attempt(() => this.#walker.take(chunk), callback, chunk);
  }

  override _flush(callback: TransformCallback): void {
    this.#attempt(() => this.#walker.finish(), callback);
  }

  #attempt(work: () => void, callback: TransformCallback, chunk?: Buffer): void {
    try {
      work();
    } catch (error) {
      callback(this.#withRemedy(error as Error));
      return;
    }
    callback(null, chunk);
  }

  #withRemedy(error: Error): Error {
    if (this.#remedy === undefined || !(error instanceof IntegrityError)) return error;
    return new IntegrityError(error.message, { remedy: this.#remedy });
  }
}
