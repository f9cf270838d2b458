import { open } from 'node:fs/promises';
import { TwinDbError } from '../../errors.ts';

/** What the beginning of a binary log tells. */
export interface BinlogHeader {
  /** When the log was begun, in seconds since the epoch. */
  readonly timeCreated: number;
  /**
   * `header`: from the log's first event. `file`: the log is encrypted from its first byte, and this is when its file was
   * written last, which lies later, so that such a log is rather kept too long.
   */
  readonly timeSource: 'header' | 'file';
  /** Whether the events are encrypted, and readable only where the server's key is. */
  readonly encrypted: boolean;
}

/**
 * A log starts with a magic number. MariaDB encrypts all but the first event; MySQL encrypts everything behind another
 * magic number. Source: the pages on the binary log's format and on START_ENCRYPTION_EVENT in MariaDB's documentation,
 * and "Encrypting Binary Log Files" in the MySQL manual.
 */
export const MAGIC = Buffer.from([0xfe, 0x62, 0x69, 0x6e]);
const MAGIC_OF_ENCRYPTED = Buffer.from([0xfd, 0x62, 0x69, 0x6e]);
export const MAGIC_LENGTH = 4;

/** Of an event: timestamp (4 bytes), type (1), server id (4), length (4), …; little-endian. */
export const EVENT_HEADER_LENGTH = 19;
export const TYPE_OFFSET = 4;
export const LENGTH_OFFSET = 9;

export const FORMAT_DESCRIPTION = 15;
export const START_ENCRYPTION = 164;

/** Bytes that `parseBinlogBeginning` needs; the first event is some 250 long. */
export const BINLOG_BEGINNING = 4096;

/** Reads the header of a binary log's file. Throws a TwinDbError when the file cannot be read or is no binary log. */
export async function readBinlogHeader(path: string): Promise<BinlogHeader> {
  const bytes = Buffer.alloc(BINLOG_BEGINNING);
  let read: number;
  let modified: Date;
  try {
    await using file = await open(path);
    ({ bytesRead: read } = await file.read(bytes, 0, bytes.length, 0));
    ({ mtime: modified } = await file.stat());
  } catch (cause) {
    throw new TwinDbError(`Cannot read the binary log ${path}`, { cause });
  }
  return parseBinlogBeginning(bytes.subarray(0, read), path, modified);
}

/**
 * The header of a log whose first bytes these are, and which was written last when it was `modified`; `title` names it in
 * the TwinDbError for what is no binary log.
 */
export function parseBinlogBeginning(bytes: Buffer, title: string, modified: Date): BinlogHeader {
  if (!isEncryptedFromStart(bytes)) return parseBinlogHeader(bytes, title);
  return { timeCreated: Math.floor(modified.getTime() / 1000), timeSource: 'file', encrypted: true };
}

/** Whether MySQL has encrypted the log that begins with these bytes. */
export function isEncryptedFromStart(bytes: Buffer): boolean {
  return bytes.subarray(0, MAGIC_LENGTH).equals(MAGIC_OF_ENCRYPTED);
}

/** The same of a log that is not encrypted from its first byte. */
export function parseBinlogHeader(bytes: Buffer, title: string): BinlogHeader {
  const isWhole = bytes.length >= MAGIC.length + EVENT_HEADER_LENGTH;
  if (!isWhole || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new TwinDbError(`${title} is no binary log`);
  }
  const first = bytes.subarray(MAGIC.length);
  if (first[TYPE_OFFSET] !== FORMAT_DESCRIPTION) {
    throw new TwinDbError(`${title} does not begin as a binary log does`);
  }
  const second = first.subarray(first.readUInt32LE(LENGTH_OFFSET));
  return {
    timeCreated: first.readUInt32LE(0),
    timeSource: 'header',
    encrypted: second[TYPE_OFFSET] === START_ENCRYPTION,
  };
}

/**
 * The beginning of a log out of what mysqlbinlog prints of it: the first event stands there as the base64 argument of a BINLOG
 * statement. Empty when it does not.
 */
export function readPrintedEvent(text: string): Buffer {
  const base64 = /^BINLOG '\s*([A-Za-z0-9+/=\s]+)'/m.exec(text)?.[1];
  return base64 === undefined ? Buffer.alloc(0) : Buffer.concat([MAGIC, Buffer.from(base64, 'base64')]);
}

/** Bytes of a checksum, by the number that the first event has for its kind: none, CRC32. */
const CHECKSUM_LENGTHS: readonly (number | undefined)[] = [0, 4];

/**
 * How many bytes each event ends with as its checksum, by the body of the format description, which ends with the kind of the checksums and,
 * whatever that is, with one of its own. Throws a RangeError for a kind that is not known.
 */
export function readChecksumLength(body: Buffer): number {
  const checksum = body.readUInt8(body.length - 5);
  const length = CHECKSUM_LENGTHS[checksum];
  if (length === undefined) throw new RangeError(`it names checksums of kind ${checksum}`);
  return length;
}
