import { IntegrityError } from '../../errors.ts';
import { CHUNK_START, type Chunk, parseChunk, type XbstreamDialect } from './xbstream-chunk.ts';

/** Gets to see what a stream is made of. What it throws ends the walk. */
export interface XbstreamVisitor {
  begin?(chunk: Chunk): void;
  /** A part of the payload of the chunk that was begun last; `isLast`: it ends here. */
  payload?(part: Buffer, isLast: boolean): void;
}

const NOTHING = Buffer.alloc(0);

/** Files that may be begun and not ended at once: the programs have one for each of their threads. What is known of each takes memory. */
const MAX_OPEN = 1 << 16;

/**
 * Goes through a stream of xbstream as it comes, piece by piece. Throws an IntegrityError at the first byte that makes it one
 * that must not be unpacked, and at the end when it is not complete: xbstream itself takes a stream that was cut between two
 * chunks for a complete one.
 */
export class XbstreamWalker {
  readonly #visitor: XbstreamVisitor;
  readonly #dialect: XbstreamDialect;
  readonly #open = new Set<string>();
  #isEmpty = true;
  #header: Buffer = NOTHING;
  #need = CHUNK_START;
  #remaining = 0;

  constructor(dialect: XbstreamDialect, visitor: XbstreamVisitor = {}) {
    this.#dialect = dialect;
    this.#visitor = visitor;
  }

  /** The beginning of a chunk that is not known yet; everything before it has been understood. */
  get unknown(): Buffer {
    return this.#header;
  }

  take(bytes: Buffer): void {
    this.#isEmpty &&= bytes.length === 0;
    for (let rest = bytes; rest.length > 0; ) {
      rest = this.#remaining > 0 ? this.#takePayload(rest) : this.#takeHeader(rest);
    }
  }

  /** To be called at the end of the stream. */
  finish(): void {
    if (this.#isEmpty) throw new IntegrityError('the stream in it is empty');
    if (this.#open.size > 0 || this.#header.length > 0 || this.#remaining > 0)
      throw new IntegrityError('the stream in it was cut short');
  }

  /** Takes what belongs to the header of a chunk; returns the bytes behind it. */
  #takeHeader(bytes: Buffer): Buffer {
    const missing = this.#need - this.#header.length;
    this.#header = Buffer.concat([this.#header, bytes.subarray(0, missing)]);
    if (this.#header.length === this.#need) this.#parseHeader();
    return bytes.subarray(missing);
  }

  #parseHeader(): void {
    const parsed = parseChunk(this.#header, this.#dialect);
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
    const { type, pathBytes, length } = chunk;
    // Two names that are not UTF-8 may look the same when they are decoded.
    const name = pathBytes.toString('latin1');
    if (type === 'payload' || type === 'seek') this.#open.add(name);
    if (this.#open.size > MAX_OPEN)
      throw new IntegrityError(`the stream in it is damaged: more than ${MAX_OPEN} files have not ended`);
    if (type === 'end') this.#open.delete(name);
    this.#visitor.begin?.(chunk);
    this.#remaining = length;
    if (type === 'payload' && length === 0) this.#visitor.payload?.(NOTHING, true);
  }

  #takePayload(bytes: Buffer): Buffer {
    const part = bytes.subarray(0, this.#remaining);
    this.#remaining -= part.length;
    this.#visitor.payload?.(part, this.#remaining === 0);
    return bytes.subarray(part.length);
  }
}

/** Does a step of a stream, of which a walker may throw, and reports how it went as streams do. */
export function attempt(work: () => void, callback: (error?: Error | null) => void): void {
  try {
    work();
  } catch (error) {
    callback(error as Error);
    return;
  }
  callback();
}
