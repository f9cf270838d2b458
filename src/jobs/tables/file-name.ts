/**
 * The file for a table, or for what else a database has: `DB.TABLE.sql`. What is neither letter, number, `_`, `$` nor `-` is percent-encoded, so that no
 * name leads out of a folder and no two have one file.
 */
export function fileNameOf(...parts: readonly string[]): string {
  return `${parts.map(encode).join('.')}.sql`;
}

/**
 * The file for what a database, or a table, has beside rows: no table's file has this name, as `+` is encoded in those. A trigger may name its database:
 * loaded with its table into another one, it would be made in the live one.
 */
export function fileOfMore(...names: readonly [...string[], 'routines' | 'triggers' | 'views']): string {
  const parts = names.slice(0, -1).map(encode);
  return `${[...parts, `+${names.at(-1) ?? ''}`].join('.')}.sql`;
}

function encode(part: string): string {
  return part.replace(/[^\p{L}\p{N}_$-]/gu, (character) =>
    [...Buffer.from(character)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  );
}
