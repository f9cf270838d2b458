import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteLocation } from '../../copies/quote-location.ts';
import { IntegrityError } from '../../errors.ts';

/** A file by which the backup program remembers that a table was renamed while it worked: its content is the new name. */
const RENAME = '.ren';

/** `SCHEMA/TABLE`, with the suffix of a tablespace or without. */
const NEW_NAME = /^(\.\/)?[^/\0]+(\/[^/\0]+)?$/;

/**
 * Makes sure that no rename which an unpacked copy asks for leads out of its folder: `--prepare` of mariabackup 10.11 moves a
 * tablespace wherever such a file says. Throws an IntegrityError that names the file.
 */
export async function requirePlainRenames(dir: string): Promise<void> {
  const entries = await readdir(dir, { withFileTypes: true });
  const folders = [dir, ...entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(dir, name))];
  for (const folder of folders) {
    for (const name of await readdir(folder)) {
      if (!name.endsWith(RENAME)) continue;
      const path = join(folder, name);
      const newName = (await readFile(path, 'utf8')).trim();
      const isPlain = NEW_NAME.test(newName) && !newName.split('/').includes('..');
      if (!isPlain) {
        throw new IntegrityError(
          `its file ${quoteLocation(path)} would move a table out of the folder of the restore, to ${quoteLocation(newName)}`,
        );
      }
    }
  }
}
