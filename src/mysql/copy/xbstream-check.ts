import { Writable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { IntegrityError } from '../../errors.ts';
import type { Chunk } from './xbstream-chunk.ts';
import { attempt, XbstreamWalker } from './xbstream-walker.ts';

/** What a payload of a kept file may be at most: they are a few lines each. */
const KEPT_SIZE = 1 << 20;

type Callback = (error?: Error | null) => void;

/**
 * Reads the stream of a MySQL copy to its end without unpacking it, and errors when it is not complete, must not be unpacked, or
 * has a checksum that does not match.
 */
export class XbstreamCheck extends Writable {
  readonly #keep: ReadonlySet<string>;
  readonly #kept = new Map<string, Buffer>();
  readonly #walker = new XbstreamWalker('any', {
    begin: (chunk) => this.#begin(chunk),
    payload: (part, isLast) => this.#takePayload(part, isLast),
  });
  #chunk: Chunk | undefined;
  #crc = 0;

  /** `keep` names the small files whose contents are wanted. */
  constructor(keep: readonly string[]) {
    super({ highWaterMark: 1 << 20 });
    this.#keep = new Set(keep);
  }

  /** The contents of the files that were to be kept, by their names. */
  get kept(): ReadonlyMap<string, string> {
    return new Map([...this.#kept].map(([path, bytes]) => [path, bytes.toString('utf8')]));
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    attempt(() => this.#walker.take(bytes), callback);
  }

  override _final(callback: Callback): void {
    attempt(() => this.#walker.finish(), callback);
  }

  #begin(chunk: Chunk): void {
    const { type, path, rewrites } = chunk;
    if (rewrites) this.#kept.delete(path);
    // Also of an empty file.
    if (type === 'end' && this.#keep.has(path) && !this.#kept.has(path))
      this.#kept.set(path, Buffer.alloc(0));
    this.#chunk = chunk;
    this.#crc = chunk.crcBefore;
  }

  #takePayload(part: Buffer, isLast: boolean): void {
    this.#crc = crc32(part, this.#crc);
    const { path = '', crc } = this.#chunk ?? {};
    const before = this.#kept.get(path) ?? Buffer.alloc(0);
    if (this.#keep.has(path) && before.length < KEPT_SIZE)
      this.#kept.set(path, Buffer.concat([before, part]));
    if (isLast && crc !== this.#crc) {
      throw new IntegrityError(
        `the stream in it is damaged: the checksum of a part of ${path} does not match`,
      );
    }
  }
}
