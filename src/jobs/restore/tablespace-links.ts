import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** InnoDB's link file of a table or partition that was made with DATA DIRECTORY: it holds the path of its tablespace. */
const LINK = '.isl';

/**
 * Removes the link files from an extracted copy. The copy has these tablespaces in the folders of their schemas, where
 * the server finds them by itself; the links lead out of it, to the files of the server that was backed up, and with both
 * in reach a server opens neither. Returns `SCHEMA/TABLE` of each.
 */
export async function removeLinks(dir: string): Promise<string[]> {
  const removed: string[] = [];
  const entries = await readdir(dir, { withFileTypes: true });
  for (const schema of entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)) {
    for (const name of await readdir(join(dir, schema))) {
      if (!name.endsWith(LINK)) continue;
      await rm(join(dir, schema, name));
      removed.push(`${schema}/${name.slice(0, -LINK.length)}`);
    }
  }
  return removed;
}
