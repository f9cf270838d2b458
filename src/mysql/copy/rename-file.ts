import { quoteLocation } from '../../copies/quote-location.ts';

/** The suffix of a file by which the backup program remembers that a table was renamed while it worked: its content is the new name. */
export const RENAME_FILE = '.ren';

/** Bytes of it that mariabackup 10.11 reads. What is cut off there could end in another name than the one that was looked at. */
const READ_SIZE = 512;

/** `SCHEMA/TABLE`, with the suffix of a tablespace or without. */
const NEW_NAME = /^(\.\/)?[^/\0]+(\/[^/\0]+)?$/;

/**
 * Where such a file would move a table to, for a message, when that is out of the folder of the copy: `--prepare` of mariabackup
 * 10.11 moves a tablespace wherever it says. Undefined: it stays inside.
 */
export function renamesOutside(content: string): string | undefined {
  const newName = content.trim();
  const isPlain = NEW_NAME.test(newName) && !newName.split('/').includes('..');
  return isPlain && Buffer.byteLength(content) <= READ_SIZE
    ? undefined
    : quoteLocation(newName.slice(0, READ_SIZE));
}
