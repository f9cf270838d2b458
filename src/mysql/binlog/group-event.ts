import { formatUuid, type Gtid, joinTag } from './gtid-state.ts';
import { VarintReader } from './varint-reader.ts';

/** The event that begins a transaction. Sources: GTID_EVENT in MariaDB's documentation, Gtid_event in that of MySQL's source code. */
export const GROUP_EVENTS = { mariadbGtid: 162, gtid: 33, anonymousGtid: 34, taggedGtid: 42 } as const;

/** The beginning of a transaction. */
export interface Group {
  /** In microseconds since the epoch: of the commit on MySQL, even under SET TIMESTAMP; of the statement or COMMIT on MariaDB. */
  readonly time: number;
  /** Whether that is when it was committed. Otherwise it has whole seconds, and is what a session has SET TIMESTAMP to. */
  readonly isCommitTime: boolean;
  /** Whether one statement follows that is all of it; undefined where only that statement tells. */
  readonly isStandalone: boolean | undefined;
  /** Undefined when the server gives none. */
  readonly gtid: Gtid | undefined;
}

/** An event of one of the types above, its body without the checksum. */
interface GroupEvent {
  readonly type: number;
  readonly when: number;
  readonly serverId: number;
  readonly body: Buffer;
}

/** Reads the beginning of a transaction; undefined for an event of another type. Throws a RangeError when the body is cut short. */
export function readGroup({ type, when, serverId, body }: GroupEvent): Group | undefined {
  switch (type) {
    case GROUP_EVENTS.mariadbGtid: {
      const gtid = { source: `${body.readUInt32LE(8)}-${serverId}`, sequence: body.readBigUInt64LE(0) };
      return { ...timed(undefined, when), isStandalone: isStandalone(body), gtid };
    }
    case GROUP_EVENTS.gtid:
      return { ...timed(readCommitTime(body), when), isStandalone: undefined, gtid: readGtid(body) };
    case GROUP_EVENTS.anonymousGtid:
      return { ...timed(readCommitTime(body), when), isStandalone: undefined, gtid: undefined };
    case GROUP_EVENTS.taggedGtid:
      return readTagged(body, when);
    default:
      return undefined;
  }
}

/** Of MariaDB's event: behind the number and the domain. Source: GTID_EVENT in MariaDB's documentation. */
const FLAGS_OFFSET = 12;
const STANDALONE = 1;
const PREPARED_XA = 64;

/** Whether one statement follows MariaDB's event and no COMMIT. Throws a RangeError when the body is cut short. */
export function isStandalone(body: Buffer): boolean {
  const flags = body.readUInt8(FLAGS_OFFSET);
  // A prepared XA transaction has this flag too, and many events.
  return (flags & STANDALONE) !== 0 && (flags & PREPARED_XA) === 0;
}

/** `committed` is in microseconds, `when` in seconds. */
function timed(committed: bigint | undefined, when: number): Pick<Group, 'time' | 'isCommitTime'> {
  return committed === undefined
    ? { time: when * 1_000_000, isCommitTime: false }
    : { time: Number(committed), isCommitTime: true };
}

function readGtid(body: Buffer): Gtid {
  return { source: formatUuid(body.subarray(1, 17)), sequence: body.readBigUInt64LE(17) };
}

/** Where MySQL 8.0 and later have the time of the commit, in 55 bits; 5.7 ends here. */
const COMMIT_TIME_OFFSET = 42;

function readCommitTime(body: Buffer): bigint | undefined {
  if (body.length < COMMIT_TIME_OFFSET + 7) return undefined;
  const low = BigInt(body.readUInt32LE(COMMIT_TIME_OFFSET));
  const high = BigInt(body.readUIntLE(COMMIT_TIME_OFFSET + 4, 3) & 0x7f_ff_ff);
  return (high << 32n) | low;
}

/** Of a tagged event, in this order; the others before the last are numbers. */
const FIELDS = { uuid: 1n, sequence: 2n, tag: 3n, commitTime: 6n };

/** The lowest bit of a number that may be negative, which no sequence is. */
const SIGN = 1n;

function readTagged(body: Buffer, when: number): Group {
  const reader = new VarintReader(body);
  // The version of the format, the size, and the last field that no reader may pass over.
  for (let count = 0; count < 3; count += 1) reader.unsigned();
  let [uuid, tag, sequence] = ['', '', 0n];
  let committed: bigint | undefined;
  while (reader.offset < body.length) {
    const field = reader.unsigned();
    if (field === FIELDS.uuid) uuid = readUuid(reader);
    else if (field === FIELDS.sequence) sequence = reader.unsigned() >> SIGN;
    else if (field === FIELDS.tag) tag = reader.text();
    else if (field === FIELDS.commitTime) committed = reader.unsigned();
    else if (field < FIELDS.commitTime) reader.unsigned();
    else break;
  }
  if (uuid === '') throw new RangeError('a transaction has no UUID');
  const gtid = { source: joinTag(uuid, tag), sequence };
  return { ...timed(committed, when), isStandalone: undefined, gtid };
}

/** Each byte is a number of its own. */
function readUuid(reader: VarintReader): string {
  return formatUuid(Buffer.from(Array.from({ length: 16 }, () => Number(reader.unsigned()))));
}
