import { crc32 } from 'node:zlib';
import { isBinlogName } from '../../copies/binlog-copy.ts';
import { TwinDbError } from '../../errors.ts';
import {
  EVENT_HEADER_LENGTH,
  FORMAT_DESCRIPTION,
  LENGTH_OFFSET,
  MAGIC,
  TYPE_OFFSET,
} from '../binlog/binlog-header.ts';
import { TransactionEnds } from '../binlog/transaction-ends.ts';

const ROTATE = 4;

/** Say that the connection lives; in no log. Source: Log_event_type in MySQL's source code. */
const HEARTBEATS: ReadonlySet<number> = new Set([27, 41]);

const END_OFFSET = 13;
const FLAGS_OFFSET = 17;

/** The server has made the event for us; it is in no log. Not told by a position of 0, which MariaDB 11.8 writes into row events. */
const ARTIFICIAL = 0x20;

const CRC_LENGTH = 4;

/** A binary log that is being followed. */
export interface FollowedLog {
  /** The server's own name for it. */
  readonly binlog: string;
  /** When the server began it, by its header, in seconds since the epoch. */
  readonly timeCreated: number;
}

/** What of a log came next. */
export interface LogBytes extends FollowedLog {
  /** Where in the log's file the bytes begin. */
  readonly from: number;
  readonly bytes: Buffer;
  /** Whether no transaction is open behind them. */
  readonly isEnd: boolean;
}

/** Where to go on. */
export interface LogPlace {
  readonly binlog: string;
  /** Bytes of the log that are known already; behind an event. Within a transaction its end is told too early. */
  readonly position: number;
  /** Undefined: whatever log of this name there is. */
  readonly timeCreated: number | undefined;
}

/**
 * Tells which of the events that a server sends are in its log, and where in its file. Byte for byte what comes of it is the file, but for
 * the mark of a log that is in use. Throws a TwinDbError when the events do not follow each other: a hole must not be stored.
 */
export class LogEvents {
  #binlog: string;
  #timeCreated: number | undefined;
  #position: number;
  /** What of the log is known already and comes once more. */
  #known: number;
  /** Whether the format description has come, by which all else is read. */
  #isDescribed = false;
  #ends = new TransactionEnds();

  /** `sentFrom`: the position that the server was asked for; before `position` where that has more than 32 bits. */
  constructor({ binlog, position, timeCreated }: LogPlace, sentFrom: number) {
    this.#binlog = binlog;
    this.#timeCreated = timeCreated;
    this.#known = position;
    this.#position = sentFrom <= MAGIC.length ? 0 : sentFrom;
  }

  /** Takes the next event; undefined when it adds nothing to a log. */
  take(event: Buffer): LogBytes | undefined {
    if (event.length < EVENT_HEADER_LENGTH || event.readUInt32LE(LENGTH_OFFSET) !== event.length) {
      throw this.#error(`it has sent ${event.length} bytes that are no event`);
    }
    const type = event.readUInt8(TYPE_OFFSET);
    if (HEARTBEATS.has(type)) return undefined;
    const isArtificial = (event.readUInt16LE(FLAGS_OFFSET) & ARTIFICIAL) !== 0;
    if (type === ROTATE && isArtificial) {
      this.#goTo(nameInRotate(event));
      return undefined;
    }
    if (type === FORMAT_DESCRIPTION) return this.#begin(event);
    return isArtificial ? undefined : this.#add(event);
  }

  /** Comes with each log, the one that was asked for first. */
  #goTo(binlog: string): void {
    if (!isBinlogName(binlog)) {
      throw this.#error(`it goes on to ${JSON.stringify(binlog)}, which is no name of a binary log`);
    }
    if (binlog === this.#binlog) return;
    this.#binlog = binlog;
    this.#timeCreated = undefined;
    this.#isDescribed = false;
    this.#position = 0;
    this.#known = 0;
    this.#ends = new TransactionEnds();
  }

  /** The format description comes once more when the server was asked for the middle of a log: then it is not in the log there. */
  #begin(event: Buffer): LogBytes | undefined {
    const timeCreated = event.readUInt32LE(0);
    if (this.#timeCreated !== undefined && timeCreated !== this.#timeCreated) {
      throw this.#error('it is another log than that of this name which is stored');
    }
    this.#timeCreated = timeCreated;
    this.#isDescribed = true;
    if (this.#position > 0) {
      this.#ends.takeEvent(event);
      return undefined;
    }
    return this.#add(Buffer.concat([MAGIC, event]), event);
  }

  #add(bytes: Buffer, event = bytes): LogBytes | undefined {
    if (this.#timeCreated === undefined || !this.#isDescribed)
      throw this.#error('it has sent no format description');
    const from = this.#position;
    const to = from + bytes.length;
    const end = event.readUInt32LE(END_OFFSET);
    if (end !== 0 && end !== to % 2 ** 32) {
      throw this.#error(`an event ends at ${end}, where ${to % 2 ** 32} was expected`);
    }
    const isEnd = this.#ends.takeEvent(event);
    this.#position = to;
    if (to <= this.#known) return undefined;
    if (from < this.#known && this.#known > 0)
      throw this.#error(`no event begins at ${this.#known}, up to where it is stored`);
    return { binlog: this.#binlog, timeCreated: this.#timeCreated, from, bytes, isEnd };
  }

  #error(problem: string): TwinDbError {
    return new TwinDbError(`Cannot follow ${this.#binlog} behind ${this.#position}: ${problem}`);
  }
}

/**
 * The log that an artificial Rotate event leads to. It has a checksum or not, by what the server was told of us rather than by what it logs:
 * the bytes themselves tell.
 */
function nameInRotate(event: Buffer): string {
  const end = event.length - CRC_LENGTH;
  const hasChecksum =
    end > EVENT_HEADER_LENGTH + 8 && crc32(event.subarray(0, end)) === event.readUInt32LE(end);
  // A position comes first.
  return event.subarray(EVENT_HEADER_LENGTH + 8, hasChecksum ? end : undefined).toString();
}
