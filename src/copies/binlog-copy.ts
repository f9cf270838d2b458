import type { BinlogContents } from './binlog-contents.ts';
import type { PinnableCopy } from './pin.ts';
import type { WrittenCopy } from './writer.ts';

/** A copy of one binary log, as `HOST/binlog-status` records it. Times are in seconds since the epoch. */
export interface BinlogCopy extends WrittenCopy, PinnableCopy {
  /** `HOST/binlog/NAME`, without the suffixes that the object has. */
  readonly key: string;
  readonly host: string;
  /** The last segment of the key: the server's name for the log, or that and its time when the name was taken. */
  readonly name: string;
  /** The server's own name for the log, as in SHOW BINARY LOGS. */
  readonly binlog: string;
  /** When the server began the log, by the log's own header. */
  readonly timeCreated: number;
  /** Tells this server from another one, or from itself after it was initialised anew; not known of the Python tool's copies. */
  readonly serverIdentity: string | undefined;
  /** The log that was copied before this one, when the server purged logs between the two before they were copied. */
  readonly gapAfter: string | undefined;
  /** Bytes of the object as it is stored; not known of the Python tool's copies. */
  readonly size: number | undefined;
  /** SHA-256 of the object as it is stored, in hex; not known of the Python tool's copies. */
  readonly sha256: string | undefined;
  /** Suffixes of the object, in their order; not known of the Python tool's copies. */
  readonly chain: readonly string[] | undefined;
  /** Not known of the Python tool's copies, of logs that the server encrypts, and where the log could not be read. */
  readonly contents: BinlogContents | undefined;
}

/** The parts of a log's name, such as `mysql-bin` and 42 of `mysql-bin.000042`. */
interface BinlogName {
  readonly base: string;
  readonly number: number;
}

/**
 * Whether a server gives a log such a name: it stays in the folder that it is looked for in, or written to. `-` may be its first
 * character, so as an argument it has to be behind `--`.
 */
export function isBinlogName(name: string): boolean {
  return /^[^/\0]+\.\d+$/.test(name);
}

/** Takes the name of a log apart; undefined when a server would not give it. */
export function parseBinlogName(binlog: string): BinlogName | undefined {
  const [, base, digits] = /^(.+)\.(\d+)$/.exec(binlog) ?? [];
  return base === undefined ? undefined : { base, number: Number(digits) };
}

/**
 * The order in which a server wrote two logs: by number (contract D13), since …999999 comes before …1000000. Of two logs of
 * one name the one that is stored with its time was written later.
 */
export function compareBinlogNames(a: string, b: string): number {
  const [first, second] = [splitStoredName(a), splitStoredName(b)];
  const [left, right] = [parseBinlogName(first.binlog), parseBinlogName(second.binlog)];
  if (left && right && left.base === right.base)
    return left.number - right.number || (first.time ?? 0) - (second.time ?? 0);
  return a < b ? -1 : Number(a > b);
}

/** What the name of a copy tells of its log. */
interface StoredName {
  /** The server's own name for the log. */
  readonly binlog: string;
  /** When it was begun, in seconds since the epoch; undefined where the name does not tell. */
  readonly time: number | undefined;
}

/** NAME or NAME.TIME_CREATED in its parts. No server has come to a number of ten digits, and no time has fewer. */
export function splitStoredName(stored: string): StoredName {
  const [, binlog = stored, time] = /^(.+\.\d+)\.(\d{10,})$/.exec(stored) ?? [];
  return { binlog, time: time === undefined ? undefined : Number(time) };
}

/**
 * The key for the copy of a log (contract: status files). After RESET MASTER a server gives its names again; while an
 * older log has the name, the new one is stored as NAME.TIME_CREATED, or with the next second that is free.
 */
export function binlogCopyKey(
  host: string,
  log: Pick<BinlogCopy, 'binlog' | 'timeCreated'>,
  isTaken: (key: string) => boolean,
): string {
  const plain = `${host}/binlog/${log.binlog}`;
  if (!isTaken(plain)) return plain;
  let time = log.timeCreated;
  while (isTaken(`${plain}.${time}`)) time += 1;
  return `${plain}.${time}`;
}

/** The server's name for a log from the name it is stored under, which may be NAME.TIME_CREATED. */
export function originalBinlogName(name: string, timeCreated: number): string {
  const suffix = `.${timeCreated}`;
  const shorter = name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
  return parseBinlogName(shorter) === undefined ? name : shorter;
}

/** The suffixes of compressors and gpg begin with a letter; the number and the time in a name don't. */
const SUFFIXES = /(\.[a-z][a-z0-9]*)+$/;

/**
 * The key under which the status lists the log that an object holds: `db1/binlog/mysql-bin.000001` for
 * `db1/binlog/mysql-bin.000001.gz.gpg`.
 */
export function binlogKeyOfObject(objectKey: string): string {
  return objectKey.replace(SUFFIXES, '');
}
