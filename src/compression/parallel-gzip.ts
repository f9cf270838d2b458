import { Transform, type TransformCallback } from 'node:stream';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compress = promisify(gzip);

/** Bytes compressed at a time: large enough that cutting the window costs under one percent. */
const BLOCK_SIZE = 1 << 20;

/** Bytes of output at a time: a block of text fits, so that a thread is called once for it, not for every 16 KiB. */
const OUTPUT_SIZE = 1 << 18;

/**
 * Blocks compressed at once at most: each takes about 10 MB until it is written, and the process must keep to its
 * 200 MB on a machine of any size. The first line of src/cli/main.ts gives Node's pool as many threads.
 */
const MAX_THREADS = 8;

/**
 * Compresses blocks on Node's thread pool and writes them, in order, as gzip members, which any gunzip reads as one
 * stream (RFC 1952, 2.2). The built-in gzip stream would use one core only.
 */
export class ParallelGzip extends Transform {
  readonly #level: number | undefined;
  readonly #threads: number;
  #blocks: Buffer[] = [];
  #blockSize = 0;
  #underWay: Promise<Buffer>[] = [];
  #members = 0;

  /** `threads` blocks are compressed at once, as far as memory allows, at gzip `level` 1 to 9; absent: zlib's own, 6. */
  constructor(options: { readonly threads: number; readonly level: number | undefined }) {
    super({ readableHighWaterMark: BLOCK_SIZE, writableHighWaterMark: BLOCK_SIZE });
    this.#level = options.level;
    this.#threads = Math.min(options.threads, MAX_THREADS);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#blocks.push(chunk);
    this.#blockSize += chunk.length;
    if (this.#blockSize < BLOCK_SIZE) {
      callback();
      return;
    }
    this.#startMember();
    this.#drain(this.#threads - 1).then(() => callback(), callback);
  }

  override _flush(callback: TransformCallback): void {
    // An empty stream still needs one member to be a gzip file.
    if (this.#blockSize > 0 || this.#members === 0) this.#startMember();
    this.#drain(0).then(() => callback(), callback);
  }

  #startMember(): void {
    const member = compress(Buffer.concat(this.#blocks), { level: this.#level, chunkSize: OUTPUT_SIZE });
    // It is awaited in its turn, which may come after it has failed.
    member.catch(() => undefined);
    this.#underWay.push(member);
    this.#blocks = [];
    this.#blockSize = 0;
    this.#members += 1;
  }

  /** Passes finished members on, oldest first, until at most `rest` are under way. */
  async #drain(rest: number): Promise<void> {
    while (this.#underWay.length > rest) this.push(await this.#underWay.shift());
  }
}
