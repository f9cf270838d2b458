import { MAGIC_LENGTH } from './binlog-header.ts';
import { EventWalker } from './event-walker.ts';
import { ENDS_NEED, TransactionEnds } from './transaction-ends.ts';

/** Finds where the last complete transaction of a log ends, while its bytes pass by. */
export class LastEnd {
  readonly #ends = new TransactionEnds();
  readonly #walker = new EventWalker(
    (type) => ENDS_NEED.has(type),
    ({ type, length, body }) => {
      this.#settle();
      this.#at += length;
      this.#isEnd = this.#ends.take(type, body);
    },
  );
  /** Behind the last event whose beginning has come. */
  #at = MAGIC_LENGTH;
  /** Whether no transaction is open there. */
  #isEnd = false;
  #end = 0;
  #size = 0;

  /** Takes the next bytes, of any number. Throws a RangeError for a log of an unknown form. */
  feed(bytes: Buffer): void {
    this.#size += bytes.length;
    this.#walker.feed(bytes);
  }

  /** Up to where the bytes so far are complete transactions, and events that belong to none. */
  get end(): number {
    this.#settle();
    return this.#end;
  }

  /** An event is told of by its header, when most of it may still be missing. */
  #settle(): void {
    if (this.#isEnd && this.#at <= this.#size) this.#end = this.#at;
  }
}
