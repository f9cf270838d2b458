import { Transform, type TransformCallback } from 'node:stream';
import { IntegrityError } from '../errors.ts';
import { FirstMembers } from './first-members.ts';

/** Headers and contents come in blocks of this size, and two blocks of zeros end it. Source: POSIX.1-2017, pax, "ustar Interchange Format". */
const BLOCK_SIZE = 512;
const END_SIZE = 2 * BLOCK_SIZE;

/** Where a header says that it is one; GNU's own form has other bytes behind these. */
const MAGIC = { offset: 257, bytes: Buffer.from('ustar') };

/**
 * Passes a tar archive on and errors with an IntegrityError when it does not begin like one, or instead of ending when its
 * end is missing. tar itself takes an empty stream, and one that was cut between two members, for a complete archive.
 */
export class TarCheck extends Transform {
  readonly #remedy: string | undefined;
  #head = Buffer.alloc(0);
  #tail = Buffer.alloc(0);
  #size = 0;
  readonly #members = new FirstMembers();

  /** `remedy`: what the operator can do about a stream that is no archive. */
  constructor(remedy?: string) {
    super({ highWaterMark: 1 << 20 });
    this.#remedy = remedy;
  }

  /** Bytes of the archive so far. */
  get size(): number {
    return this.#size;
  }

  /** Whether nothing is in it but one folder; undefined: not known (yet). */
  get isEmpty(): boolean | undefined {
    return this.#members.isEmpty;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#size += chunk.length;
    this.#members.take(chunk);
    this.#tail = Buffer.concat([this.#tail, chunk.subarray(-END_SIZE)]).subarray(-END_SIZE);
    if (this.#head.length === BLOCK_SIZE) {
      callback(null, chunk);
      return;
    }
    this.#head = Buffer.concat([this.#head, chunk]).subarray(0, BLOCK_SIZE);
    if (this.#head.length < BLOCK_SIZE || this.#hasMagic()) callback(null, chunk);
    else callback(this.#refusal());
  }

  override _flush(callback: TransformCallback): void {
    const isComplete = this.#tail.length === END_SIZE && this.#tail.every((byte) => byte === 0);
    if (!this.#hasMagic()) callback(this.#refusal());
    else if (isComplete) callback();
    else callback(new IntegrityError('the archive in it was cut short: its end is missing'));
  }

  #hasMagic(): boolean {
    const { offset, bytes } = MAGIC;
    return this.#head.subarray(offset, offset + bytes.length).equals(bytes);
  }

  #refusal(): IntegrityError {
    const seen = this.#size === 0 ? 'there are no data in the archive' : 'the data are not a tar archive';
    return new IntegrityError(seen, this.#remedy === undefined ? {} : { remedy: this.#remedy });
  }
}
