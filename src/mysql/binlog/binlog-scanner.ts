import type { BinlogContents } from '../../copies/binlog-contents.ts';
import { isBinlogName } from '../../copies/binlog-copy.ts';
import {
  EVENT_HEADER_LENGTH,
  FORMAT_DESCRIPTION,
  isEncryptedFromStart,
  MAGIC_LENGTH,
  readChecksumLength,
  START_ENCRYPTION,
} from './binlog-header.ts';
import { type BinlogEvent, EventWalker } from './event-walker.ts';
import { GROUP_EVENTS, readGroup } from './group-event.ts';
import { type GroupSpan, GroupTracker, type OpenGroup, TRACKED_BODIES } from './group-tracker.ts';
import {
  type Gtid,
  type GtidState,
  readGtidList,
  readPreviousGtids,
  TooManyPartsError,
} from './gtid-state.ts';

const STOP = 3;
const ROTATE = 4;
const PREVIOUS_GTIDS = 35;
const GTID_LIST = 163;

const WANTED: ReadonlySet<number> = new Set([
  FORMAT_DESCRIPTION,
  ROTATE,
  PREVIOUS_GTIDS,
  GTID_LIST,
  ...Object.values(GROUP_EVENTS),
]);

/** Of the events of a state, which is left out where it is too long to be held: it has too many parts. */
const STATES: ReadonlySet<number> = new Set([PREVIOUS_GTIDS, GTID_LIST]);

/** What came of a scan. */
export type BinlogScan =
  | { readonly kind: 'read'; readonly contents: BinlogContents }
  /** By the server: its events cannot be read. */
  | { readonly kind: 'encrypted' }
  | { readonly kind: 'unreadable'; readonly reason: string };

/**
 * Finds out what is in a binary log while its bytes pass by, in little memory. Never throws: a log that it cannot read is copied all
 * the same.
 */
export class BinlogScanner {
  readonly #walker = new EventWalker(
    (type) => this.#failure === undefined && (WANTED.has(type) || TRACKED_BODIES.has(type)),
    (event) => this.#take(event),
  );
  readonly #tracker: GroupTracker;
  #magic: Buffer = Buffer.alloc(0);
  /** Set: the rest is not looked at. */
  #failure: Exclude<BinlogScan, { kind: 'read' }> | undefined;
  #checksumLength = 0;
  #serverId: number | undefined;
  #firstTime: number | undefined;
  #lastTime: number | undefined;
  #closedTime: number | undefined;
  #timeCreated: number | undefined;
  #transactions = 0;
  #gtids: GtidState | undefined;
  #gtidStart: string | undefined;
  /** Of the transaction that has begun last, until it is complete. */
  #openGtid: Gtid | undefined;
  #nextBinlog: string | undefined;
  #lastType: number | undefined;

  /** `onGroup` gets each complete transaction, the last one by `result`; `gtidState` is then what came before it. */
  constructor(onGroup?: (group: GroupSpan) => void) {
    this.#tracker = new GroupTracker((group) => {
      onGroup?.(group);
      this.#transactions += 1;
      this.#addOpenGtid();
    });
  }

  /** The GTIDs of all complete transactions so far and of those before the log; undefined when the log does not say. */
  get gtidState(): string | undefined {
    return this.#gtids?.toString();
  }

  /** The transaction whose end has not come: when all bytes were fed, it was cut off. */
  get openGroup(): OpenGroup | undefined {
    return this.#tracker.open;
  }

  /** When the log was begun, in seconds since the epoch. */
  get timeCreated(): number | undefined {
    return this.#timeCreated;
  }

  /** Takes the next bytes, of any number. */
  feed(bytes: Buffer): void {
    const missing = MAGIC_LENGTH - this.#magic.length;
    if (missing > 0) this.#magic = Buffer.concat([this.#magic, bytes.subarray(0, missing)]);
    this.#walker.feed(bytes);
  }

  /** Whether the bytes so far end behind an event; without a meaning in what is encrypted. */
  get isWhole(): boolean {
    return this.#walker.isWhole;
  }

  /** What is known when all bytes were fed. */
  result(): BinlogScan {
    this.#tracker.finish(this.#walker.passed);
    if (isEncryptedFromStart(this.#magic)) return { kind: 'encrypted' };
    if (this.#failure !== undefined) return this.#failure;
    if (this.#serverId === undefined) return unreadable('it has no event');
    const endedCleanly = this.isWhole && (this.#lastType === ROTATE || this.#lastType === STOP);
    const contents = {
      serverId: this.#serverId,
      firstTime: this.#firstTime,
      lastTime: this.#lastTime,
      gtidStart: this.#gtidStart,
      gtidEnd: this.#gtids?.toString(),
      nextBinlog: this.#nextBinlog,
      endedCleanly,
      closedTime: endedCleanly ? this.#closedTime : undefined,
      transactions: this.#transactions,
    };
    return { kind: 'read', contents };
  }

  #take(event: BinlogEvent): void {
    if (this.#failure !== undefined) return;
    try {
      this.#read(event);
    } catch (error) {
      // A body that is shorter than what it should have throws a RangeError.
      this.#failure = unreadable(
        `an event of type ${event.type} is damaged or of an unknown form: ${(error as Error).message}`,
      );
    }
  }

  #read(event: BinlogEvent): void {
    const { type, length, body } = event;
    if (length < EVENT_HEADER_LENGTH) throw new RangeError(`its length is ${length}`);
    if (WANTED.has(type) && !STATES.has(type) && body === undefined)
      throw new RangeError(`it has ${length} bytes`);
    if (this.#serverId === undefined && type !== FORMAT_DESCRIPTION) throw new RangeError('it comes first');
    this.#lastType = type;
    this.#closedTime = event.when;
    if (type === START_ENCRYPTION) this.#failure = { kind: 'encrypted' };
    else if (type === FORMAT_DESCRIPTION && body !== undefined) this.#readFormat(event, body);
    else this.#readOther({ ...event, body: body && this.#withoutChecksum(body) });
  }

  #readFormat({ serverId, when }: BinlogEvent, body: Buffer): void {
    this.#checksumLength = readChecksumLength(body);
    this.#serverId ??= serverId;
    this.#timeCreated ??= when;
  }

  #withoutChecksum(body: Buffer): Buffer {
    return body.subarray(0, Math.max(body.length - this.#checksumLength, 0));
  }

  #readOther(event: BinlogEvent): void {
    const { type, body } = event;
    const group = body === undefined ? undefined : readGroup({ ...event, body });
    this.#tracker.take(event, group);
    if (group !== undefined) {
      const seconds = Math.floor(group.time / 1_000_000);
      this.#firstTime ??= seconds;
      this.#lastTime = seconds;
      this.#openGtid = group.gtid;
    } else if (body !== undefined) this.#readBody(type, body);
  }

  #readBody(type: number, body: Buffer): void {
    if (type === ROTATE) {
      // A position comes first.
      const name = body.subarray(8).toString();
      if (!isBinlogName(name)) throw new RangeError('it names no binary log');
      this.#nextBinlog = name;
    } else if (type === GTID_LIST || type === PREVIOUS_GTIDS) {
      this.#ifGtidsFit(() => {
        this.#gtids = type === GTID_LIST ? readGtidList(body) : readPreviousGtids(body);
        this.#gtidStart = this.#gtids.toString();
      });
    }
  }

  #addOpenGtid(): void {
    const gtid = this.#openGtid;
    this.#openGtid = undefined;
    if (gtid !== undefined) this.#ifGtidsFit(() => this.#gtids?.add(gtid));
  }

  /** A state of too many parts is left out, at both ends; all else is known all the same. */
  #ifGtidsFit(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof TooManyPartsError)) throw error;
      this.#gtids = undefined;
      this.#gtidStart = undefined;
    }
  }
}

function unreadable(reason: string): Exclude<BinlogScan, { kind: 'read' }> {
  return { kind: 'unreadable', reason };
}
