import type { BinlogEvent } from './event-walker.ts';
import type { Group } from './group-event.ts';
import { TransactionEnds } from './transaction-ends.ts';

const QUERY = 2;
const ROTATE = 4;
const STOP = 3;

/** The events of which a tracker needs the body, where it is not too long. */
export const TRACKED_BODIES: ReadonlySet<number> = new Set([QUERY]);

/** A transaction in a log, from its first byte to the one behind its last. */
export interface GroupSpan extends Group {
  readonly start: number;
  readonly end: number;
}

/** A transaction that has begun. */
export type OpenGroup = Omit<GroupSpan, 'end'>;

/** Finds where transactions begin and end: see `TransactionEnds`, and in any case where the next one begins or the server ends the log. */
export class GroupTracker {
  readonly #onGroup: (group: GroupSpan) => void;
  #open: OpenGroup | undefined;
  readonly #ends = new TransactionEnds();
  /** Where the open group ends, once its last event has begun: that may be cut off. */
  #ending: number | undefined;

  /** `onGroup` gets each transaction that is complete, when the next event begins or `finish` is called. */
  constructor(onGroup: (group: GroupSpan) => void) {
    this.#onGroup = onGroup;
  }

  /** The one whose end has not come. */
  get open(): OpenGroup | undefined {
    return this.#open;
  }

  /** Takes the next event, its body without the checksum; `group` is what it begins. */
  take({ type, offset, length, body }: BinlogEvent, group: Group | undefined): void {
    this.finish(offset);
    if (group !== undefined) {
      this.#end(offset);
      this.#open = { ...group, start: offset };
      this.#ends.begin(group.isStandalone);
    } else if (type === ROTATE || type === STOP) this.#end(offset);
    else if (this.#open !== undefined && this.#ends.take(type, type === QUERY ? body : undefined))
      this.#ending = offset + length;
  }

  /** So many bytes of the log have come. */
  finish(bytes: number): void {
    if (this.#ending !== undefined && this.#ending <= bytes) this.#end(this.#ending);
  }

  #end(end: number): void {
    this.#ending = undefined;
    if (this.#open === undefined) return;
    const group = { ...this.#open, end };
    this.#open = undefined;
    this.#onGroup(group);
  }
}
