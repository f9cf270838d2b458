/**
 * Letters that have a code of two characters in file names, which only the server's own table gives. Source: the manual of MySQL, "Mapping of
 * Identifiers to File Names".
 */
const CODED = /[\u00c0-\u05ff\u1e00-\u1fff\u2160-\u217f\u24b0-\u24ef\uff20-\uff5f]/;

/** What begins a code of two characters; one of four is of hex digits. */
const CODE = /@(?![0-9a-f]{4})/;

/** The name of a schema or table as its files have it; undefined where only the server can say it. */
export function fileNameOf(name: string): string | undefined {
  if (CODED.test(name)) return undefined;
  return name.replace(/\W/gu, (letter) =>
    Array.from({ length: letter.length }, (_, index) => `@${hex(letter.charCodeAt(index))}`).join(''),
  );
}

function hex(code: number): string {
  return code.toString(16).padStart(4, '0');
}

/** Whether a file's name has letters of which `fileNameOf` gives none. */
export function hasCodedLetters(fileName: string): boolean {
  return CODE.test(fileName);
}

/** A path of such names for people to read, as `SCHEMA.TABLE`; letters with a code of two characters stay coded. */
export function readableName(path: string): string {
  return path
    .replace('/', '.')
    .replace(/@([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
