import { createHash } from 'node:crypto';

/** Bytes of a name that leave room for what follows it. A file system takes 255 in all, which two names of a server can exceed. */
const LONGEST = 200;

/**
 * The file for a table, or for what else a database has: `DB.TABLE.sql`. What is neither letter, number, `_`, `$` nor `-` is percent-encoded, so that no
 * name leads out of a folder and no two have one file. Of names that are too long the end is a digest.
 */
export function fileNameOf(...parts: readonly string[]): string {
  return `${join(parts)}.sql`;
}

/**
 * The file for what a database, or a table, has beside rows: no table's file has this name, as `+` is encoded in those. A trigger may name its database:
 * loaded with its table into another one, it would be made in the live one.
 */
export function fileOfMore(...names: readonly [...string[], 'routines' | 'triggers' | 'views']): string {
  return `${join(names.slice(0, -1))}.+${names.at(-1) ?? ''}.sql`;
}

function join(parts: readonly string[]): string {
  const name = parts.map(encode).join('.');
  if (Buffer.byteLength(name) <= LONGEST) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 20);
  let start = '';
  for (const character of name) {
    if (Buffer.byteLength(start + character) > LONGEST - digest.length - 1) break;
    start += character;
  }
  // No other name has a tilde, as that is encoded.
  return `${start}~${digest}`;
}

function encode(part: string): string {
  return part.replace(/[^\p{L}\p{N}_$-]/gu, (character) =>
    [...Buffer.from(character)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  );
}
