import { crc32 } from 'node:zlib';
import { quoteLocation } from '../../copies/quote-location.ts';
import { IntegrityError } from '../../errors.ts';

/**
 * Whose form of the pieces of type S a stream has: what one program takes for the payload of a sparse file is the next
 * piece for the other. `any`: found out from what follows, for a reader that unpacks nothing.
 */
export type XbstreamDialect = 'mariadb' | 'mysql' | 'any';

/**
 * A piece of a stream that xbstream or mbstream unpacks. Little-endian numbers: magic (8 bytes), flags (1), type (1),
 * length of the path (4), the path, then by type:
 *
 *     P  payload: length (8), offset (8), CRC-32 of the payload (4), the payload
 *     S  of XtraBackup, sparse: entries of a map (4), length (8), offset (8), CRC-32 of map and payload (4), the map (8 an entry), the payload
 *     S  of mariabackup, seek: offset (8)
 *     R  rename: length of the new path (4), the new path
 *     D  remove, E  end of the file: nothing more
 *
 * Source: what mbstream 10.11 does with hand-made streams, and Percona's description of the format.
 */
export interface Chunk {
  readonly type: 'payload' | 'seek' | 'rename' | 'remove' | 'end';
  readonly path: string;
  /** The same in the bytes of the stream, which need not be UTF-8. */
  readonly pathBytes: Buffer;
  /** Of a rename. */
  readonly newPathBytes?: Buffer;
  /** The file begins anew. */
  readonly rewrites: boolean;
  /** Of a payload or seek: where in the file it begins, in bytes. */
  readonly offset: number;
  /** Of a sparse payload, entries of 8 bytes: how long a hole is (4), and how much of the payload follows it (4). */
  readonly map?: Buffer;
  /** Bytes that follow the header. */
  readonly length: number;
  /** Of a payload. */
  readonly crc: number | undefined;
  /** What the checksum covers in front of the payload, the map of a sparse one, has this checksum. */
  readonly crcBefore: number;
}

/** Of the beginning of a chunk: the chunk and how long its header is, or how many bytes it takes to know more. */
export type ParsedChunk =
  | { readonly chunk: Chunk; readonly headerLength: number }
  | { readonly need: number };

const MAGIC = Buffer.from('XBSTCK01');
/** Bytes that every chunk begins with, before its path. */
export const CHUNK_START = MAGIC.length + 6;
const REWRITE = 0x02;

/** mbstream refuses longer ones. */
const MAX_PATH = 512;
/** Entries: a payload of this many pages of 4 KiB is larger than any program makes one. */
const MAX_MAP = 1 << 20;

/**
 * Parses as much of a chunk as `bytes` hold. Throws an IntegrityError when no program writes such a thing, and when a path leads
 * out of the folder into which the stream is unpacked.
 */
export function parseChunk(bytes: Buffer, dialect: XbstreamDialect): ParsedChunk {
  if (bytes.length < CHUNK_START) return { need: CHUNK_START };
  if (!startsWithMagic(bytes)) throw new IntegrityError('the stream in it is damaged, or is no xbstream');
  const type = String.fromCharCode(bytes.readUInt8(MAGIC.length + 1));
  const tail = CHUNK_START + readLength(bytes, MAGIC.length + 2, MAX_PATH);
  if (bytes.length < tail) return { need: tail };
  const about = {
    ...readPath(bytes, CHUNK_START, tail),
    offset: 0,
    rewrites: (bytes.readUInt8(MAGIC.length) & REWRITE) !== 0,
    length: 0,
    crc: undefined,
    crcBefore: 0,
  };
  switch (type) {
    case 'P':
      return withPayload(about, bytes, tail);
    case 'S':
      return parseS(about, bytes, tail, dialect);
    case 'R':
      return parseRename(about, bytes, tail);
    case 'D':
      return whole({ ...about, type: 'remove' }, bytes, tail);
    case 'E':
      return whole({ ...about, type: 'end' }, bytes, tail);
    default:
      throw new IntegrityError(`the stream in it has a piece of a kind that is not known here ("${type}")`);
  }
}

type About = Omit<Chunk, 'type' | 'newPathBytes' | 'map'>;

function whole(chunk: Chunk, bytes: Buffer, headerLength: number): ParsedChunk {
  return bytes.length < headerLength ? { need: headerLength } : { chunk, headerLength };
}

function withPayload(about: About, bytes: Buffer, tail: number): ParsedChunk {
  const headerLength = tail + 20;
  if (bytes.length < headerLength) return { need: headerLength };
  const crc = bytes.readUInt32LE(tail + 16);
  const [length, offset] = [readSize(bytes, tail), readSize(bytes, tail + 8)];
  return { chunk: { ...about, type: 'payload', length, offset, crc }, headerLength };
}

function parseRename(about: About, bytes: Buffer, tail: number): ParsedChunk {
  if (bytes.length < tail + 4) return { need: tail + 4 };
  const headerLength = tail + 4 + readLength(bytes, tail, MAX_PATH);
  if (bytes.length < headerLength) return { need: headerLength };
  const { pathBytes: newPathBytes } = readPath(bytes, tail + 4, headerLength);
  return { chunk: { ...about, type: 'rename', newPathBytes }, headerLength };
}

function parseS(about: About, bytes: Buffer, tail: number, dialect: XbstreamDialect): ParsedChunk {
  if (dialect === 'mariadb') return withSeek(about, bytes, tail);
  if (bytes.length < tail + 16) return { need: tail + 16 };
  // Behind a seek the next chunk begins.
  if (dialect === 'any' && startsWithMagic(bytes.subarray(tail + 8))) return withSeek(about, bytes, tail);
  const headerLength = tail + 24 + 8 * readLength(bytes, tail, MAX_MAP);
  if (bytes.length < headerLength) return { need: headerLength };
  const [length, offset] = [readSize(bytes, tail + 4), readSize(bytes, tail + 12)];
  const [crc, map] = [bytes.readUInt32LE(tail + 20), bytes.subarray(tail + 24, headerLength)];
  return {
    chunk: { ...about, type: 'payload', length, offset, map, crc, crcBefore: crc32(map) },
    headerLength,
  };
}

function withSeek(about: About, bytes: Buffer, tail: number): ParsedChunk {
  const headerLength = tail + 8;
  if (bytes.length < headerLength) return { need: headerLength };
  return { chunk: { ...about, type: 'seek', offset: readSize(bytes, tail) }, headerLength };
}

/**
 * A path of a stream, which must lead to a place below the folder into which it is unpacked. mbstream 10.11 looks only for `..` in
 * the paths of payloads: it renamed a file to any path, and removed any.
 */
function readPath(bytes: Buffer, start: number, end: number): Pick<Chunk, 'path' | 'pathBytes'> {
  const path = bytes.toString('utf8', start, end);
  // The programs take a NUL for the end; in the bytes, as decoding may make other characters of them.
  const isPlain = !bytes.subarray(start, end).includes(0);
  const isBelow = path.split('/').every((segment) => segment !== '' && segment !== '..');
  if (isPlain && isBelow) return { path, pathBytes: Buffer.from(bytes.subarray(start, end)) };
  throw new IntegrityError(
    `the stream in it names a file outside the folder of the restore: ${quoteLocation(path)}`,
  );
}

function startsWithMagic(bytes: Buffer): boolean {
  return bytes.subarray(0, MAGIC.length).equals(MAGIC);
}

function readLength(bytes: Buffer, offset: number, max: number): number {
  const length = bytes.readUInt32LE(offset);
  if (length <= max) return length;
  throw new IntegrityError('the stream in it is damaged: a length cannot be');
}

function readSize(bytes: Buffer, offset: number): number {
  const size = Number(bytes.readBigUInt64LE(offset));
  if (Number.isSafeInteger(size)) return size;
  throw new IntegrityError('the stream in it is damaged: a size cannot be');
}
