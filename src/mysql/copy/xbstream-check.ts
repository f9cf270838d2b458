import { Writable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { IntegrityError } from '../../errors.ts';
import { CHUNK_START, type Chunk, parseChunk } from './xbstream-chunk.ts';

/** What a payload of a kept file may be at most: they are a few lines each. */
const KEPT_SIZE = 1 << 20;

type Callback = (error?: Error | null) => void;

/**
 * Reads the stream of a MySQL copy to its end without unpacking it, and errors when it is not whole: a checksum that does
 * not fit, a file without its end. xbstream itself takes a stream that was cut between two pieces for a whole one.
 */
export class XbstreamCheck extends Writable {
  readonly #keep: ReadonlySet<string>;
  readonly #kept = new Map<string, Buffer>();
  readonly #open = new Set<string>();
  #isEmpty = true;
  #header: Buffer = Buffer.alloc(0);
  #need = CHUNK_START;
  #chunk: Chunk | undefined;
  #remaining = 0;
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
    try {
      this.#isEmpty &&= bytes.length === 0;
      for (let rest = bytes; rest.length > 0; ) {
        rest = this.#remaining > 0 ? this.#takePayload(rest) : this.#takeHeader(rest);
      }
      callback();
    } catch (error) {
      callback(error as Error);
    }
  }

  override _final(callback: Callback): void {
    const isWhole = this.#open.size === 0 && this.#header.length === 0 && this.#remaining === 0;
    if (isWhole && !this.#isEmpty) callback();
    else
      callback(
        new IntegrityError(this.#isEmpty ? 'the stream in it is empty' : 'the stream in it was cut short'),
      );
  }

  /** Takes what belongs to the header of a chunk; returns the bytes behind it. */
  #takeHeader(bytes: Buffer): Buffer {
    const missing = this.#need - this.#header.length;
    this.#header = Buffer.concat([this.#header, bytes.subarray(0, missing)]);
    if (this.#header.length === this.#need) this.#parseHeader();
    return bytes.subarray(missing);
  }

  #parseHeader(): void {
    const parsed = parseChunk(this.#header);
    if ('need' in parsed) {
      this.#need = parsed.need;
      return;
    }
    // What belongs to the next chunk already; less than its beginning.
    this.#header = this.#header.subarray(parsed.headerLength);
    this.#need = CHUNK_START;
    this.#begin(parsed.chunk);
  }

  #begin(chunk: Chunk): void {
    const { type, path, length, rewrites } = chunk;
    if (type === 'payload' || type === 'seek') this.#open.add(path);
    if (type === 'end') this.#open.delete(path);
    if (rewrites) this.#kept.delete(path);
    // Also of an empty file.
    if (type === 'end' && this.#keep.has(path) && !this.#kept.has(path))
      this.#kept.set(path, Buffer.alloc(0));
    this.#chunk = chunk;
    this.#remaining = length;
    this.#crc = 0;
    if (type === 'payload' && length === 0) this.#finishPayload();
  }

  #takePayload(bytes: Buffer): Buffer {
    const part = bytes.subarray(0, this.#remaining);
    this.#remaining -= part.length;
    this.#crc = crc32(part, this.#crc);
    const { path = '' } = this.#chunk ?? {};
    const before = this.#kept.get(path) ?? Buffer.alloc(0);
    if (this.#keep.has(path) && before.length < KEPT_SIZE)
      this.#kept.set(path, Buffer.concat([before, part]));
    if (this.#remaining === 0) this.#finishPayload();
    return bytes.subarray(part.length);
  }

  #finishPayload(): void {
    const { crc, path } = this.#chunk ?? {};
    if (crc !== undefined && crc !== this.#crc) {
      throw new IntegrityError(
        `the stream in it is damaged: the checksum of a part of ${path} does not match`,
      );
    }
  }
}
