import { readFileSync } from 'node:fs';

/** Bytes. The stand-in knows no other size of page. */
export const PAGE = 16_384;

/** Where a page has its LSN, and the first one of a file its flags. Source: the page about page formats in the MySQL manual's internals. */
const LSN_OFFSET = 16;
const FLAGS_OFFSET = 54;
/** Bits of the flags that tell of compressed pages, which have another size. */
const ZIP_BITS = 0b1_1110;

/** Files that InnoDB keeps in pages. @param {string} path */
export function isPaged(path) {
  return /(\.ibd|(^|\/)ibdata\d+|(^|\/)undo_?\d+)$/.test(path);
}

/** The pages of a file that are younger than an LSN, each behind its number; undefined when the file cannot be taken apart. */
export function youngerPages(content, lsn) {
  if (content.length % PAGE !== 0 || (content.readUInt32BE(FLAGS_OFFSET) & ZIP_BITS) !== 0) return undefined;
  const parts = [];
  for (let number = 0; number < content.length / PAGE; number += 1) {
    const page = content.subarray(number * PAGE, (number + 1) * PAGE);
    if (page.readBigUInt64BE(LSN_OFFSET) <= BigInt(lsn)) continue;
    const prefix = Buffer.alloc(4);
    prefix.writeUInt32BE(number);
    parts.push(prefix, page);
  }
  return Buffer.concat(parts);
}

/**
 * A file with younger pages in their places.
 * @param {Buffer} content @param {Buffer} delta @param {number} size of the file, afterwards
 */
export function applyPages(content, delta, size) {
  const result = Buffer.alloc(size);
  content.copy(result, 0, 0, Math.min(content.length, size));
  for (let at = 0; at < delta.length; at += 4 + PAGE) {
    delta.copy(result, delta.readUInt32BE(at) * PAGE, at + 4, at + 4 + PAGE);
  }
  return result;
}

/** `name = value` lines, as of xtrabackup_checkpoints. @param {string} file @returns {Record<string, string>} */
export function readPairs(file) {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return Object.fromEntries(lines.map((line) => line.split(' = ')));
}

/** @param {Record<string, string | number>} pairs */
export const formatPairs = (pairs) =>
  Object.entries(pairs)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('');
