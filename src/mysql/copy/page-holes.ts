/** Bytes that follow each other in a file, from `offset` on. */
export interface Run {
  readonly offset: number;
  length: number;
  readonly parts: Buffer[];
}

/** A file system leaves out whole blocks of a file, in bytes. */
const BLOCK = 4096;
const ZEROS = Buffer.alloc(BLOCK);

/** Where the first page of a tablespace has its flags: FIL_PAGE_DATA + FSP_SPACE_FLAGS of MariaDB. */
const FLAGS = 38 + 16;
const FULL_CRC32 = 0x10;
const COMPRESSION_OF_FULL_CRC32 = 0xe0;
const COMPRESSION = 0x1_0000;

/**
 * Whether a file is a table that MariaDB has made with PAGE_COMPRESSED: behind each short page it has a hole, without which the table takes as
 * much of a disk as one that is not compressed. `first`: the beginning of the file.
 */
export function isPageCompressed(name: string, { offset, length, parts }: Run): boolean {
  if (!name.endsWith('.ibd') || offset > 0 || length < FLAGS + 4) return false;
  const flags = joined(parts).readUInt32BE(FLAGS);
  return (flags & (flags & FULL_CRC32 ? COMPRESSION_OF_FULL_CRC32 : COMPRESSION)) !== 0;
}

/** A run without its blocks of zeros. */
export function splitAtHoles({ offset, parts }: Run): Run[] {
  const runs: Run[] = [];
  const bytes = joined(parts);
  let begin = 0;
  const flush = (end: number) => {
    if (end > begin)
      runs.push({ offset: offset + begin, length: end - begin, parts: [bytes.subarray(begin, end)] });
  };
  const firstBlock = (BLOCK - (offset % BLOCK)) % BLOCK;
  for (let block = firstBlock; block + BLOCK <= bytes.length; block += BLOCK) {
    if (ZEROS.compare(bytes, block, block + BLOCK) !== 0) continue;
    flush(block);
    begin = block + BLOCK;
  }
  flush(bytes.length);
  return runs;
}

function joined(parts: readonly Buffer[]): Buffer {
  const [only] = parts;
  return only !== undefined && parts.length === 1 ? only : Buffer.concat(parts);
}
