import { EVENT_HEADER_LENGTH, LENGTH_OFFSET, MAGIC_LENGTH, TYPE_OFFSET } from './binlog-header.ts';

const SERVER_ID_OFFSET = 5;

/** Of what is longer no body is given, so that a damaged length takes no memory. Bytes. */
const MAX_HELD = 1 << 16;

/** An event of a binary log. */
export interface BinlogEvent {
  /** Bytes in front of it, counted: what events say of that has 32 bits, and is 0 in some of MariaDB 11.8. */
  readonly offset: number;
  readonly type: number;
  /** Seconds since the epoch. */
  readonly when: number;
  readonly serverId: number;
  /** Bytes with the header, as it says; less than a header has: this is no event. */
  readonly length: number;
  /** What follows the header; undefined when it was not wanted, or is too long. */
  readonly body: Buffer | undefined;
}

/** Finds the events in the bytes of a binary log, which come in pieces of any size. Holds one event at most. */
export class EventWalker {
  readonly #wants: (type: number) => boolean;
  readonly #onEvent: (event: BinlogEvent) => void;
  #held: Buffer = Buffer.alloc(0);
  /** How many bytes are to be held before they are looked at. */
  #wanted = EVENT_HEADER_LENGTH;
  /** Bytes to pass over before the next event. */
  #skip = MAGIC_LENGTH;
  #passed = 0;

  /** `onEvent` gets all events, with the body where `wants` says so. */
  constructor(wants: (type: number) => boolean, onEvent: (event: BinlogEvent) => void) {
    this.#wants = wants;
    this.#onEvent = onEvent;
  }

  /** Whether the bytes so far end behind an event. */
  get isWhole(): boolean {
    return this.#skip === 0 && this.#held.length === 0;
  }

  /** Bytes so far. */
  get passed(): number {
    return this.#passed;
  }

  feed(bytes: Buffer): void {
    for (let rest = bytes; rest.length > 0; ) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, rest.length);
        this.#skip -= skipped;
        this.#passed += skipped;
        rest = rest.subarray(skipped);
        continue;
      }
      const piece = rest.subarray(0, this.#wanted - this.#held.length);
      this.#held = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
      rest = rest.subarray(piece.length);
      this.#passed += piece.length;
      if (this.#held.length === this.#wanted) this.#take(this.#held);
    }
  }

  #take(held: Buffer): void {
    const type = held.readUInt8(TYPE_OFFSET);
    const length = held.readUInt32LE(LENGTH_OFFSET);
    const isWanted = length <= MAX_HELD && this.#wants(type);
    if (isWanted && held.length < length) {
      this.#wanted = length;
      return;
    }
    // What is no length is for `onEvent` to judge.
    if (!isWanted) this.#skip = Math.max(length - EVENT_HEADER_LENGTH, 0);
    this.#held = Buffer.alloc(0);
    this.#wanted = EVENT_HEADER_LENGTH;
    this.#onEvent({
      offset: this.#passed - held.length,
      type,
      when: held.readUInt32LE(0),
      serverId: held.readUInt32LE(SERVER_ID_OFFSET),
      length,
      body: isWanted ? held.subarray(EVENT_HEADER_LENGTH) : undefined,
    });
  }
}
