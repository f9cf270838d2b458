import { EVENT_HEADER_LENGTH, FORMAT_DESCRIPTION, readChecksumLength, TYPE_OFFSET } from './binlog-header.ts';
import { GROUP_EVENTS, isStandalone } from './group-event.ts';

const QUERY = 2;
const XID = 16;
const EXECUTE_LOAD_QUERY = 18;
const XA_PREPARE = 38;
const TRANSACTION_PAYLOAD = 40;
const QUERY_COMPRESSED = 165;

/** Of a Query event: thread (4 bytes), time (4), length of the schema (1), error (2), length of the status variables (2). */
const QUERY_HEADER = 13;

/** Of a longer one its beginning and its end. Bytes. */
const MAX_WORDS = 256;
const BEGINNING = 32;

/** The types whose body `TransactionEnds` looks at. */
export const ENDS_NEED: ReadonlySet<number> = new Set([QUERY, GROUP_EVENTS.mariadbGtid, FORMAT_DESCRIPTION]);

/**
 * Where the events so far end:
 *
 * - `outside`: behind a complete transaction, or behind an event that belongs to none.
 * - `begun`: behind a GTID event of MySQL; what comes next tells whether it is the transaction.
 * - `single`: behind a GTID event of MariaDB with one statement that is no transaction, such as a CREATE TABLE.
 * - `inside`: in a transaction that ends with an event of its own.
 */
type Place = 'outside' | 'begun' | 'single' | 'inside';

/**
 * Finds the ends of transactions in the events of a binary log, in their order, from the beginning of a log or from the end of a
 * transaction. Sources: "Binary Log Event" in the documentation of MySQL's source code; GTID_EVENT in MariaDB's documentation.
 */
export class TransactionEnds {
  #place: Place = 'outside';
  #checksumLength = 0;

  /**
   * Takes the next event, the body without its header, undefined where it is not of `ENDS_NEED` or is longer than 64 KiB. Where no format
   * description was taken, the body has no checksum. Tells whether no
   * transaction is open behind it. What begins in the middle of a log gets its format description first. Throws a RangeError for a
   * format description of an unknown form.
   */
  take(type: number, body: Buffer | undefined): boolean {
    this.#place = this.#next(type, body);
    return this.#place === 'outside';
  }

  /** Begins a transaction: one statement that is no transaction, or not; undefined: what comes next tells. */
  begin(isSingle: boolean | undefined): void {
    if (isSingle === undefined) this.#place = 'begun';
    else this.#place = isSingle ? 'single' : 'inside';
  }

  /** The same of an event as it is in the log. */
  takeEvent(event: Buffer): boolean {
    const type = event.readUInt8(TYPE_OFFSET);
    return this.take(type, ENDS_NEED.has(type) ? event.subarray(EVENT_HEADER_LENGTH) : undefined);
  }

  #next(type: number, body: Buffer | undefined): Place {
    switch (type) {
      case GROUP_EVENTS.mariadbGtid:
        return body !== undefined && isStandalone(body) ? 'single' : 'inside';
      case GROUP_EVENTS.gtid:
      case GROUP_EVENTS.anonymousGtid:
      case GROUP_EVENTS.taggedGtid:
        return 'begun';
      case XID:
      case XA_PREPARE:
      case TRANSACTION_PAYLOAD:
        return 'outside';
      case QUERY:
        return this.#behindQuery(readWords(body, this.#checksumLength));
      case FORMAT_DESCRIPTION:
        this.#checksumLength = body === undefined ? 0 : readChecksumLength(body);
        return this.#place;
      case QUERY_COMPRESSED:
      case EXECUTE_LOAD_QUERY:
        return this.#place === 'inside' ? 'inside' : 'outside';
      default:
        return this.#place;
    }
  }

  /** A COMMIT ends what has changed no transactional table. */
  #behindQuery(words: string): Place {
    if (/^(COMMIT|ROLLBACK|XA (COMMIT|ROLLBACK)\b.*)$/is.test(words)) return 'outside';
    if (this.#place === 'inside') return 'inside';
    // The last: MySQL's CREATE TABLE … SELECT, whose rows follow.
    return /^(BEGIN|XA START\b.*|CREATE TABLE\b.*\bSTART TRANSACTION)$/is.test(words) ? 'inside' : 'outside';
  }
}

/** A statement without the checksum behind it, of a long one only its beginning and its end; empty for one that is cut short. */
function readWords(body: Buffer | undefined, checksumLength: number): string {
  if (body === undefined || body.length < QUERY_HEADER) return '';
  const schema = body.readUInt8(8);
  const variables = body.readUInt16LE(11);
  const statement = body.subarray(QUERY_HEADER + variables + schema + 1, body.length - checksumLength);
  if (statement.length <= MAX_WORDS) return statement.toString('latin1');
  return `${statement.subarray(0, BEGINNING).toString('latin1')}…${statement.subarray(BEGINNING - MAX_WORDS).toString('latin1')}`;
}
