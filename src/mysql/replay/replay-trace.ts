import { Transform, type TransformCallback } from 'node:stream';

/** Where a transaction begins among the statements of a replay. */
export interface TracedGroup {
  /** Of its statements, from 1. */
  readonly line: number;
  /** Where its first event is: bytes from the beginning of what the program for logs has read. */
  readonly offset: number;
  /** Undefined where the server gave none. */
  readonly gtid: string | undefined;
}

/** `# at 328`: in front of each event. */
const AT = /^# at (\d+)$/;

/** `#261127  5:07:00 server id 1  end_log_pos 370 CRC32 0x…  GTID 0-1-1 ddl`: MariaDB. */
const MARIADB_GTID = /^#\d.*\sGTID (\d+-\d+-\d+)\b/;

/** `SET @@SESSION.GTID_NEXT= 'UUID:1'`: MySQL; ANONYMOUS without GTIDs, AUTOMATIC at the end. */
const GTID_NEXT = /^SET @@SESSION\.GTID_NEXT= *'([^']+)'/;

/** Bytes of a line that are looked at; those that are looked for are shorter. */
const LOOKED_AT = 300;

/** Lines that begin otherwise are only counted. */
const BEGINNINGS: readonly number[] = [...Buffer.from('#S')];

const LINE_FEED = 10;

/** Groups that are kept: far more than lie between the two programs at any time. */
const KEPT = 50_000;

/**
 * Finds out, while statements pass by, on which lines the transactions begin: the client names a statement that fails by its line only. Statements may
 * hold any text, so that what this finds may be wrong, and nothing but a message goes by it.
 */
export class ReplayTrace {
  #line = 1;
  #beginning: Buffer = Buffer.alloc(0);
  #offset = 0;
  #groups: TracedGroup[] = [];

  feed(bytes: Buffer): void {
    for (let from = 0; from < bytes.length; ) {
      const end = bytes.indexOf(LINE_FEED, from);
      const stop = end < 0 ? bytes.length : end;
      this.#keep(bytes, from, stop);
      if (end < 0) return;
      if (this.#beginning.length > 0) this.#read(this.#beginning.toString('latin1'));
      this.#beginning = EMPTY;
      this.#line += 1;
      from = end + 1;
      this.#isInside = false;
    }
  }

  /** Whether bytes of the line have come before. */
  #isInside = false;

  #keep(bytes: Buffer, from: number, stop: number): void {
    if (stop === from) return;
    const isWanted = this.#isInside ? this.#beginning.length > 0 : BEGINNINGS.includes(bytes[from] ?? 0);
    this.#isInside = true;
    const missing = LOOKED_AT - this.#beginning.length;
    if (!isWanted || missing <= 0) return;
    const piece = bytes.subarray(from, Math.min(stop, from + missing));
    this.#beginning = this.#beginning.length === 0 ? piece : Buffer.concat([this.#beginning, piece]);
  }

  #read(line: string): void {
    const [, at] = AT.exec(line) ?? [];
    if (at !== undefined) {
      this.#offset = Number(at);
      return;
    }
    const [, gtid] = MARIADB_GTID.exec(line) ?? GTID_NEXT.exec(line) ?? [];
    if (gtid === undefined || gtid === 'AUTOMATIC') return;
    this.#groups.push({
      line: this.#line,
      offset: this.#offset,
      gtid: gtid === 'ANONYMOUS' ? undefined : gtid,
    });
    if (this.#groups.length > 2 * KEPT) this.#groups = this.#groups.slice(-KEPT);
  }

  /** Where the last event is that has passed. */
  get offset(): number {
    return this.#offset;
  }

  /** The transaction to which the statement on a line belongs; undefined when that comes before all that are kept. */
  groupAt(line: number): TracedGroup | undefined {
    return this.#groups.findLast((group) => group.line <= line);
  }

  /** Passes statements on as they are. */
  stage(): Transform {
    const take = (bytes: Buffer) => this.feed(bytes);
    return new Transform({
      highWaterMark: 1 << 20,
      transform(bytes: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
        take(bytes);
        done(null, bytes);
      },
    });
  }
}

const EMPTY = Buffer.alloc(0);
