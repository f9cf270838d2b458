import { IntegrityError } from '../errors.ts';

/** Headers and contents come in blocks of this size. Source: POSIX.1-2017, pax, "ustar Interchange Format". */
export const BLOCK_SIZE = 512;

/** Where the fields of a header are: offset and length. GNU's own format has other fields where `prefix` is. Source: as above, and the manual of GNU tar, D.1. */
const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  time: [136, 12],
  checksum: [148, 8],
  target: [157, 100],
  magic: [257, 6],
  owner: [265, 32],
  group: [297, 32],
  prefix: [345, 155],
  /** Of a sparse file in GNU's own format. */
  realSize: [483, 12],
} as const;
const TYPE_OFFSET = 156;

/** Of a sparse file in GNU's own format: whether a block with more of its map follows the header, or such a block. */
const MORE_MAP_IN_HEADER = 482;
const MORE_MAP_IN_BLOCK = 504;

type Field = keyof typeof FIELDS;

/** What a member is: with these letters `ls -l` and `tar -tv` begin a line; `h` is a hard link to a member before it. */
export type MemberType = '-' | 'd' | 'l' | 'h' | 'c' | 'b' | 'p' | '?';

const TYPES: Readonly<Record<string, MemberType>> = {
  '0': '-',
  '\0': '-',
  '7': '-',
  S: '-',
  '1': 'h',
  '2': 'l',
  '3': 'c',
  '4': 'b',
  '5': 'd',
  D: 'd',
  '6': 'p',
};

/** A file, folder or anything else in an archive. Names are bytes, which need not be UTF-8. */
export interface TarMember {
  readonly type: MemberType;
  /** As in the archive: a folder ends in a slash. */
  readonly path: Buffer;
  /** Of a symbolic link what it points to, of a hard link the member that it is another name of. */
  readonly target: Buffer | undefined;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Names; empty where the archive has only numbers. */
  readonly owner: string;
  readonly group: string;
  /** Bytes that it has when it is restored. */
  readonly size: number;
  /** When it was changed last, in seconds since the epoch. */
  readonly modified: number;
}

/** What stands in front of the header of a member and counts more than it. */
export interface Overrides {
  readonly path?: Buffer | undefined;
  readonly target?: Buffer | undefined;
  /** Of a pax header, by their keywords. */
  readonly records?: ReadonlyMap<string, Buffer> | undefined;
}

/** The header block of a member. */
export class TarHeader {
  readonly #block: Buffer;

  constructor(block: Buffer) {
    this.#block = block;
  }

  get type(): string {
    return String.fromCharCode(this.#block[TYPE_OFFSET] ?? 0);
  }

  /** Whether another block of the map of a sparse file follows. */
  get hasMoreMap(): boolean {
    return this.type === 'S' && this.#block[MORE_MAP_IN_HEADER] !== 0;
  }

  /** Bytes of contents that follow. A hard link has none, whatever it says: so reads GNU tar. */
  storedSize({ records }: Overrides): number {
    return this.type === '1' ? 0 : (numberIn(records, 'size') ?? this.#number('size'));
  }

  /** What the header and what came before it say of a member. */
  describe({ path, target, records }: Overrides): TarMember {
    const name = records?.get('GNU.sparse.name') ?? records?.get('path') ?? path ?? this.#path();
    const type = TYPES[this.type] ?? '?';
    const link = records?.get('linkpath') ?? target ?? this.#bytes('target');
    return {
      // As tars before POSIX wrote folders.
      type: type === '-' && name.at(-1) === SLASH ? 'd' : type,
      path: name,
      target: type === 'l' || type === 'h' ? link : undefined,
      mode: this.#number('mode') & 0o7777,
      uid: numberIn(records, 'uid') ?? this.#number('uid'),
      gid: numberIn(records, 'gid') ?? this.#number('gid'),
      owner: (records?.get('uname') ?? this.#bytes('owner')).toString(),
      group: (records?.get('gname') ?? this.#bytes('group')).toString(),
      size: this.#realSize(records) ?? this.storedSize({ records }),
      modified: Math.floor(numberIn(records, 'mtime') ?? this.#number('time')),
    };
  }

  #realSize(records: Overrides['records']): number | undefined {
    return (
      numberIn(records, 'GNU.sparse.realsize') ??
      numberIn(records, 'GNU.sparse.size') ??
      (this.type === 'S' ? this.#number('realSize') : undefined)
    );
  }

  #path(): Buffer {
    const isPosix = this.#bytes('magic').equals(MAGIC);
    const prefix = isPosix ? this.#bytes('prefix') : NOTHING;
    const name = this.#bytes('name');
    return prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]);
  }

  /** A field up to its first NUL; a copy, as the block is used again. */
  #bytes(field: Field): Buffer {
    const [offset, length] = FIELDS[field];
    const bytes = this.#block.subarray(offset, offset + length);
    const end = bytes.indexOf(0);
    return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end));
  }

  #number(field: Field): number {
    return requireSafe(readNumber(this.#block, field));
  }
}

const NOTHING = Buffer.alloc(0);
const SLASH = '/'.charCodeAt(0);
/** Of POSIX's form; GNU's has blanks behind it. */
const MAGIC = Buffer.from('ustar');

/** Whether a block is a header: the sum of its bytes is in it, with blanks in the place of the sum. */
export function hasChecksum(block: Buffer): boolean {
  const [start, length] = FIELDS.checksum;
  let sum = BLANK * length;
  for (let at = 0; at < BLOCK_SIZE; at += 1) sum += block[at] as number;
  for (let at = start; at < start + length; at += 1) sum -= block[at] ?? 0;
  return sum === readNumber(block, 'checksum');
}

const BLANK = ' '.charCodeAt(0);
const ZERO = '0'.charCodeAt(0);
const SEVEN = '7'.charCodeAt(0);

/**
 * Octal digits between blanks and NULs, or GNU's form for what is too large for them or negative: big-endian two's complement behind
 * a set bit. NaN for anything else. There are some in each header of millions, so no text is made of them.
 */
function readNumber(block: Buffer, field: Field): number {
  const [offset, length] = FIELDS[field];
  const end = offset + length;
  if ((block[offset] ?? 0) >= 0x80) {
    const digits = block.toString('hex', offset, end);
    return Number(BigInt.asIntN(8 * length - 1, BigInt(`0x${digits}`)));
  }
  let at = offset;
  while (at < end && isBlank(block[at])) at += 1;
  let value = 0;
  for (; at < end; at += 1) {
    const byte = block[at] ?? 0;
    if (byte < ZERO || byte > SEVEN) break;
    value = value * 8 + byte - ZERO;
  }
  while (at < end && isBlank(block[at])) at += 1;
  return at === end ? value : Number.NaN;
}

function isBlank(byte: number | undefined): boolean {
  return byte === BLANK || byte === 0;
}

/** Whether one more block follows a block of the map of a sparse file. */
export function mapGoesOn(block: Buffer): boolean {
  return block[MORE_MAP_IN_BLOCK] !== 0;
}

/**
 * The records of a pax header, `LENGTH KEYWORD=VALUE\n` each, where LENGTH counts all of that. Throws an IntegrityError when they
 * are something else. Source: POSIX.1-2017, pax, "pax Extended Header".
 */
export function parsePax(bytes: Buffer): ReadonlyMap<string, Buffer> {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const [space, equals] = [bytes.indexOf(' ', at), bytes.indexOf('=', at)];
    const length = Number(bytes.toString('latin1', at, Math.min(space, at + 10)));
    const end = at + length;
    const isRecord =
      Number.isInteger(length) && space > at && equals > space && end > equals && end <= bytes.length;
    if (!isRecord || bytes[end - 1] !== NEWLINE) throw new IntegrityError('a pax header is damaged');
    records.set(bytes.toString('utf8', space + 1, equals), bytes.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

const NEWLINE = '\n'.charCodeAt(0);

function numberIn(records: Overrides['records'], keyword: string): number | undefined {
  const value = records?.get(keyword)?.toString('latin1');
  if (value === undefined) return undefined;
  return requireSafe(/^-?\d+(\.\d*)?$/.test(value) ? Number(value) : Number.NaN);
}

function requireSafe(value: number): number {
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value;
  throw new IntegrityError('a number in a header cannot be');
}
