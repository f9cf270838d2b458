import type { BinlogEvent } from './event-walker.ts';
import type { Group } from './group-event.ts';

/** Types of events that end a transaction, or may. Source: "Binary Log Event Types" in MariaDB's documentation, log_event_type in MySQL's source code. */
const QUERY = 2;
const XID = 16;
const XA_PREPARE = 38;
/** A complete transaction of MySQL, compressed. */
const PAYLOAD = 40;
/** A statement of MariaDB, compressed: too long to be COMMIT. */
const QUERY_COMPRESSED = 165;
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

/**
 * Finds where transactions end: at XID, COMMIT, ROLLBACK or the PREPARE of XA, behind a statement that is one by itself, and in any case where the
 * next one begins or the server ends the log.
 */
export class GroupTracker {
  readonly #onGroup: (group: GroupSpan) => void;
  #open: OpenGroup | undefined;
  /** Whether a statement of the open group is one of several. */
  #isInside = false;
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
      this.#isInside = group.isStandalone === false;
    } else if (type === ROTATE || type === STOP) this.#end(offset);
    else if (this.#open !== undefined && this.#isLast(type, body)) this.#ending = offset + length;
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

  #isLast(type: number, body: Buffer | undefined): boolean {
    if (type === XID || type === XA_PREPARE || type === PAYLOAD) return true;
    if (type !== QUERY && type !== QUERY_COMPRESSED) return false;
    const word = body === undefined ? '' : statementIn(body);
    if (/^(BEGIN|XA START\b.*)$/s.test(word)) {
      this.#isInside = true;
      return false;
    }
    return !this.#isInside || /^(COMMIT|ROLLBACK)$/.test(word) || /^XA (COMMIT|ROLLBACK)\b/.test(word);
  }
}

/** The lengths in front of a statement: of the database at 8, of the variables at 11. Both end up before it, and a NUL behind the first. */
const DATABASE_LENGTH_OFFSET = 8;
const VARIABLES_LENGTH_OFFSET = 11;
const QUERY_HEADER_LENGTH = 13;

/** Longer ones are no word that ends a transaction. */
const WORD_LENGTH = 16;

/** The beginning of the statement in the body of a Query event; empty when the body is cut short. */
function statementIn(body: Buffer): string {
  if (body.length < QUERY_HEADER_LENGTH) return '';
  const variables = body.readUInt16LE(VARIABLES_LENGTH_OFFSET);
  const start = QUERY_HEADER_LENGTH + variables + body.readUInt8(DATABASE_LENGTH_OFFSET) + 1;
  return body.subarray(start, start + WORD_LENGTH).toString('latin1');
}
