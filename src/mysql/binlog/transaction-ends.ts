import { EVENT_HEADER_LENGTH, FORMAT_DESCRIPTION, readChecksumLength, TYPE_OFFSET } from './binlog-header.ts';
import { GROUP_EVENTS } from './group-event.ts';

const QUERY = 2;
const XID = 16;
const EXECUTE_LOAD_QUERY = 18;
const XA_PREPARE = 38;
const TRANSACTION_PAYLOAD = 40;
const QUERY_COMPRESSED = 165;

/** Of MariaDB's GTID event: behind the number and the domain. Source: GTID_EVENT in MariaDB's documentation. */
const FLAGS_OFFSET = 12;
const STANDALONE = 1;
const PREPARED_XA = 64;

/** Of a Query event: thread (4 bytes), time (4), length of the schema (1), error (2), length of the status variables (2). */
const QUERY_HEADER = 13;

/** Longer ones neither begin nor end a transaction. Bytes. */
const MAX_WORDS = 256;

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
   * Takes the next event, the body without its header, undefined where it is not of `ENDS_NEED` or is longer than 64 KiB. Tells whether no
   * transaction is open behind it. What begins in the middle of a log gets its format description first. Throws a RangeError for a
   * format description of an unknown form.
   */
  take(type: number, body: Buffer | undefined): boolean {
    this.#place = this.#next(type, body);
    return this.#place === 'outside';
  }

  /** The same of an event as it is in the log. */
  takeEvent(event: Buffer): boolean {
    const type = event.readUInt8(TYPE_OFFSET);
    return this.take(type, ENDS_NEED.has(type) ? event.subarray(EVENT_HEADER_LENGTH) : undefined);
  }

  #next(type: number, body: Buffer | undefined): Place {
    switch (type) {
      case GROUP_EVENTS.mariadbGtid:
        return isSingle(body) ? 'single' : 'inside';
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
    if (this.#place !== 'begun') return 'outside';
    return /^(BEGIN|XA START\b.*|.*\bSTART TRANSACTION)$/is.test(words) ? 'inside' : 'outside';
  }
}

function isSingle(body: Buffer | undefined): boolean {
  if (body === undefined || body.length <= FLAGS_OFFSET) return false;
  const flags = body.readUInt8(FLAGS_OFFSET);
  // A prepared XA transaction has this flag too, and many events.
  return (flags & STANDALONE) !== 0 && (flags & PREPARED_XA) === 0;
}

/** A statement without the checksum behind it, of a long one only its end; empty for one that is cut short. */
function readWords(body: Buffer | undefined, checksumLength: number): string {
  if (body === undefined || body.length < QUERY_HEADER) return '';
  const schema = body.readUInt8(8);
  const variables = body.readUInt16LE(11);
  const statement = body.subarray(QUERY_HEADER + variables + schema + 1, body.length - checksumLength);
  return statement.length > MAX_WORDS
    ? `…${statement.subarray(-MAX_WORDS).toString('latin1')}`
    : statement.toString('latin1');
}
