import { IntegrityError } from '../errors.ts';
import {
  BLOCK_SIZE,
  hasChecksum,
  mapGoesOn,
  type Overrides,
  parsePax,
  TarHeader,
  type TarMember,
} from './tar-header.ts';

/** More than any tar writes in front of one member: a pax header has all extended attributes of a file, which are kilobytes. Bytes. */
const MAX_EXTRA = 16 << 20;

/** What a block of GNU's format or a pax header carries for the member behind it; `g` is for all, and nothing that is needed here. */
const EXTRA_TYPES = ['L', 'K', 'x', 'g', 'X'];

/**
 * Gets to see what an archive is made of: of each member what stands in front of its header, the member, its blocks (header, map, contents). The
 * bytes are the visitor's to keep.
 */
export interface TarVisitor {
  extra?(bytes: Buffer): void;
  member?(member: TarMember): void;
  body?(bytes: Buffer): void;
  /** The blocks that end the archive, and what fills it up. */
  end?(bytes: Buffer): void;
}

/**
 * Goes through a tar archive as it comes, counts its members and tells of each. Throws an IntegrityError at the first byte that makes it
 * a damaged one, or none, and at the end when that is missing: tar takes an empty stream, and one that was cut between
 * two members, for a complete archive. Memory does not grow with the archive.
 */
export class TarWalker {
  readonly #visitor: TarVisitor;
  readonly #block = Buffer.alloc(BLOCK_SIZE);
  #filled = 0;
  #size = 0;
  #members = 0;
  /** Bytes of contents and their padding that are still to come. */
  #contents = 0;
  /** The contents, where they are more of a header; `length`: without the padding. */
  #extra: { readonly type: string; readonly length: number; readonly parts: Buffer[] } | undefined;
  #overrides: Overrides = {};
  /** Bytes of such headers since the last member. */
  #inFront = 0;
  /** What the next block is; `last`: the second of the two that end an archive. */
  #next: 'header' | 'map' | 'last' | 'padding' = 'header';

  constructor(visitor: TarVisitor = {}) {
    this.#visitor = visitor;
  }

  /** Bytes of the archive so far. */
  get size(): number {
    return this.#size;
  }

  /** Files, folders, links and whatever else there was so far: what `tar -t` lists. */
  get members(): number {
    return this.#members;
  }

  take(bytes: Buffer): void {
    for (let rest = bytes; rest.length > 0; ) rest = rest.subarray(this.#takePart(rest));
  }

  /** To be called at the end of the stream. */
  finish(): void {
    if (this.#size === 0) throw new IntegrityError('there are no data in the archive');
    if (this.#size < BLOCK_SIZE) throw notTar();
    if (this.#next !== 'padding')
      throw new IntegrityError('the archive in it was cut short: its end is missing');
  }

  /** Takes the next bytes of one kind, and returns how many. */
  #takePart(bytes: Buffer): number {
    if (this.#next === 'padding') {
      if (!isZero(bytes)) throw new IntegrityError('the archive in it is followed by other data');
      this.#size += bytes.length;
      this.#visitor.end?.(bytes);
      return bytes.length;
    }
    // Contents of a sparse file begin behind its whole map.
    if (this.#contents > 0 && this.#next === 'header') {
      const part = bytes.subarray(0, this.#contents);
      this.#contents -= part.length;
      this.#size += part.length;
      if (this.#extra === undefined) this.#visitor.body?.(part);
      else {
        const kept = Buffer.from(part);
        this.#extra.parts.push(kept);
        this.#visitor.extra?.(kept);
      }
      if (this.#contents === 0) this.#finishExtra();
      return part.length;
    }
    const part = bytes.subarray(0, BLOCK_SIZE - this.#filled);
    part.copy(this.#block, this.#filled);
    this.#filled += part.length;
    this.#size += part.length;
    if (this.#filled === BLOCK_SIZE) {
      this.#filled = 0;
      this.#takeBlock();
    }
    return part.length;
  }

  #takeBlock(): void {
    if (this.#next === 'map') {
      this.#visitor.body?.(Buffer.from(this.#block));
      if (!mapGoesOn(this.#block)) this.#next = 'header';
      return;
    }
    const isEnd = isZero(this.#block);
    if (this.#size === BLOCK_SIZE && (isEnd || !hasChecksum(this.#block))) throw notTar();
    if (this.#next === 'last' && !isEnd) throw this.#damaged('a single block of zeros is in its middle');
    if (isEnd) {
      this.#next = this.#next === 'last' ? 'padding' : 'last';
      this.#visitor.end?.(Buffer.from(this.#block));
    } else if (!hasChecksum(this.#block)) throw this.#damaged('the checksum of a header does not match');
    else this.#explain(() => this.#takeHeader(new TarHeader(this.#block)));
  }

  #takeHeader(header: TarHeader): void {
    const { type } = header;
    const isExtra = EXTRA_TYPES.includes(type);
    const length = header.storedSize(isExtra ? {} : this.#overrides);
    if (isExtra) this.#inFront += BLOCK_SIZE + length;
    // A fraction, which pax allows for times, would never be used up.
    if (length < 0 || !Number.isInteger(length) || this.#inFront > MAX_EXTRA)
      throw new IntegrityError('a length in a header cannot be');
    this.#contents = length + (-length & (BLOCK_SIZE - 1));
    if (header.hasMoreMap) this.#next = 'map';
    if (isExtra) {
      this.#extra = { type, length, parts: [] };
      this.#visitor.extra?.(Buffer.from(this.#block));
      if (length === 0) this.#finishExtra();
      return;
    }
    this.#members += 1;
    this.#visitor.member?.(header.describe(this.#overrides));
    this.#visitor.body?.(Buffer.from(this.#block));
    this.#overrides = {};
    this.#inFront = 0;
  }

  #finishExtra(): void {
    if (this.#extra === undefined) return;
    const { type, length, parts } = this.#extra;
    this.#extra = undefined;
    const bytes = Buffer.concat(parts, length);
    // GNU's names end in a NUL, which counts.
    if (type === 'L') this.#overrides = { ...this.#overrides, path: bytes.subarray(0, -1) };
    if (type === 'K') this.#overrides = { ...this.#overrides, target: bytes.subarray(0, -1) };
    if (type === 'x')
      this.#explain(() => (this.#overrides = { ...this.#overrides, records: parsePax(bytes) }));
  }

  /** Says of what is wrong with a header where it is. */
  #explain(work: () => void): void {
    try {
      work();
    } catch (error) {
      throw error instanceof IntegrityError ? this.#damaged(error.message) : error;
    }
  }

  #damaged(reason: string): IntegrityError {
    return new IntegrityError(`the archive in it is damaged at byte ${this.#size - BLOCK_SIZE}: ${reason}`);
  }
}

function notTar(): IntegrityError {
  return new IntegrityError('the data are not a tar archive');
}

function isZero(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte !== 0) return false;
  return true;
}
