import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { quoteLocation } from '../../copies/quote-location.ts';
import { IntegrityError } from '../../errors.ts';
import { RENAME_FILE, renamesOutside } from '../../mysql/copy/rename-file.ts';

/** Bytes; a name of schema and table has less. */
const MAX_SIZE = 4096;

/**
 * Makes sure that no rename which an unpacked copy asks for leads out of its folder. Throws an IntegrityError that names the
 * file.
 */
export async function requirePlainRenames(dir: string): Promise<void> {
  const entries = await readdir(dir, { withFileTypes: true });
  const folders = [dir, ...entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(dir, name))];
  for (const folder of folders) {
    for (const name of await readdir(folder)) {
      if (!name.endsWith(RENAME_FILE)) continue;
      const path = join(folder, name);
      // It holds the name of a table.
      if ((await stat(path)).size > MAX_SIZE)
        throw new IntegrityError(
          `its file ${quoteLocation(relative(dir, path))} is too large for what it is`,
        );
      const target = renamesOutside(await readFile(path, 'utf8'));
      if (target !== undefined) {
        throw new IntegrityError(
          `its file ${quoteLocation(relative(dir, path))} would move a table out of the folder of the restore, to ${target}`,
        );
      }
    }
  }
}
