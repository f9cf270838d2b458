import { Writable } from 'node:stream';
import { IntegrityError } from '../../errors.ts';
import {
  BINLOG_BEGINNING,
  EVENT_HEADER_LENGTH,
  LENGTH_OFFSET,
  parseBinlogBeginning,
} from './binlog-header.ts';

const MAGIC_LENGTH = 4;

type Callback = (error?: Error | null) => void;

/**
 * Reads a binary log to its end and errors when it is none, or when it was cut short within an event. Of an encrypted one
 * only the beginning can be judged.
 */
export class BinlogCheck extends Writable {
  readonly #title: string;
  #beginning: Buffer = Buffer.alloc(0);
  #header: Buffer = Buffer.alloc(0);
  /** Bytes to pass over before the next event. */
  #skip = MAGIC_LENGTH;

  /** `title` names the log in errors. */
  constructor(title: string) {
    super({ highWaterMark: 1 << 20 });
    this.#title = title;
  }

  /** The first bytes, enough for `parseBinlogBeginning`. */
  get beginning(): Buffer {
    return this.#beginning;
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    const missing = BINLOG_BEGINNING - this.#beginning.length;
    if (missing > 0) this.#beginning = Buffer.concat([this.#beginning, bytes.subarray(0, missing)]);
    for (let rest = bytes; rest.length > 0; ) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, rest.length);
        this.#skip -= skipped;
        rest = rest.subarray(skipped);
      } else rest = this.#takeHeader(rest);
    }
    callback();
  }

  override _final(callback: Callback): void {
    try {
      const { encrypted } = parseBinlogBeginning(this.#beginning, this.#title, new Date());
      const isWhole = this.#skip === 0 && this.#header.length === 0;
      callback(encrypted || isWhole ? null : new IntegrityError('the log in it was cut short'));
    } catch (error) {
      callback(error as Error);
    }
  }

  /** Of an event; returns the bytes behind it. */
  #takeHeader(bytes: Buffer): Buffer {
    const missing = EVENT_HEADER_LENGTH - this.#header.length;
    this.#header = Buffer.concat([this.#header, bytes.subarray(0, missing)]);
    if (this.#header.length === EVENT_HEADER_LENGTH) {
      // What is no length, in an encrypted log or none at all, is judged in the end.
      this.#skip = Math.max(this.#header.readUInt32LE(LENGTH_OFFSET) - EVENT_HEADER_LENGTH, 0);
      this.#header = Buffer.alloc(0);
    }
    return bytes.subarray(missing);
  }
}
