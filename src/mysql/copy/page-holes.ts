/** What the kernel gives back of a file is whole blocks, in bytes. */
const BLOCK = 4096;
const ZEROS = Buffer.alloc(BLOCK);

/** Where the first page of a tablespace has its flags. Source: FIL_PAGE_DATA + FSP_SPACE_FLAGS in fil0fil.h and fsp0fsp.h of MariaDB. */
const FLAGS_OFFSET = 38 + 16;

/**
 * Whether a file is a tablespace of MariaDB's with PAGE_COMPRESSED: its pages are short, and behind each is a hole, without which it would
 * take as much of a disk as if it were not compressed. `first`: the beginning of the file. Source: fsp0types.h of MariaDB.
 */
export function isPageCompressed(path: Buffer, first: Buffer | undefined): boolean {
  if (first === undefined || first.length < FLAGS_OFFSET + 4 || !path.toString('latin1').endsWith('.ibd'))
    return false;
  const flags = first.readUInt32BE(FLAGS_OFFSET);
  const isFullCrc32 = (flags & 0x10) !== 0;
  return isFullCrc32 ? (flags & 0xe0) !== 0 : (flags & 0x1_0000) !== 0;
}

/** A piece of a file: a hole, and the bytes behind it. */
interface Piece {
  readonly hole: number;
  readonly bytes: Buffer;
}

/** The parts of a file that begin at `offset`, in pieces: whole blocks of zeros are holes. */
export function splitAtHoles(parts: readonly Buffer[], offset: number): Piece[] {
  const pieces: Piece[] = [];
  const all = parts.length === 1 ? (parts[0] ?? ZEROS) : Buffer.concat(parts);
  let [begin, hole] = [0, 0];
  const first = (BLOCK - (offset % BLOCK)) % BLOCK;
  for (let block = first; block + BLOCK <= all.length; block += BLOCK) {
    if (ZEROS.compare(all, block, block + BLOCK) !== 0) continue;
    if (block > begin) {
      pieces.push({ hole, bytes: all.subarray(begin, block) });
      hole = 0;
    }
    hole += BLOCK;
    begin = block + BLOCK;
  }
  if (hole > 0 || begin < all.length) pieces.push({ hole, bytes: all.subarray(begin) });
  return pieces;
}
