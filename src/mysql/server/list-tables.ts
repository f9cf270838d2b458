import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { MysqlServer } from './server.ts';

/**
 * Tables by `SCHEMA/TABLE`, as file names have them (`@0023` for `#`): in that form InnoDB says them too. With each its engine; empty where
 * the files do not show it, as of a MEMORY table.
 */
export type TableEngines = ReadonlyMap<string, string>;

/** Files of data, and whose they are. Source: what the engines call theirs. */
const ENGINES: Readonly<Record<string, string>> = {
  ibd: 'InnoDB',
  MYD: 'MyISAM',
  MAD: 'Aria',
  ARZ: 'ARCHIVE',
  CSV: 'CSV',
  MRG: 'MRG_MyISAM',
};

/** Its name says schema and table; of partitions those of their table. Parts of full-text indexes are none of their own. */
const AUXILIARY = /\/(fts_[0-9a-f]{16}_|#sql|#mysql50#)/i;

/** Where a partition's part of a name begins, by either family. */
const PARTITION = /#p#/i;

/** Schemas that are in no file. */
const VIRTUAL = ['information_schema', 'performance_schema'];

/** A view's definition begins so, that of a table with two bytes that are no letters. Source: sql/parse_file.cc. */
const VIEW = 'TYPE=VIEW';

/**
 * All tables of a server on this host. The account for backups sees none of them in information_schema.TABLES, for it has no privilege on any: so
 * InnoDB's own list is asked (PROCESS), and the files below the data directory are looked at, as the backup program does. Throws a
 * TwinDbError that names a missing privilege.
 */
export async function listTables(
  server: Pick<MysqlServer, 'query' | 'flavour' | 'variable'>,
): Promise<TableEngines> {
  const found = new Map<string, string>();
  const add = (name: string, engine: string): void => {
    const table = tableOf(name);
    // What the files do not show, another one may.
    if (table !== undefined && (engine !== '' || !found.has(table))) found.set(table, engine);
  };
  for (const name of await listInnodb(server)) add(name, 'InnoDB');
  const datadir = (await server.variable('datadir')) ?? '';
  for (const schema of await namesIn(datadir)) {
    if (VIRTUAL.includes(schema)) continue;
    for (const file of await namesIn(join(datadir, schema))) {
      const [, table = '', suffix = ''] = /^(.+)\.(\w+)$/.exec(file) ?? [];
      const engine = ENGINES[suffix];
      if (engine !== undefined) add(`${schema}/${table}`, engine);
      else if (
        suffix === 'frm' &&
        !found.has(`${schema}/${table}`) &&
        !(await isView(join(datadir, schema, file)))
      )
        add(`${schema}/${table}`, '');
    }
  }
  return found;
}

/** The tables that InnoDB knows, with what is known to no other: of a table whose definition is lost, only this one has the name. */
export async function listInnodb({
  query,
  flavour,
}: Pick<MysqlServer, 'query' | 'flavour'>): Promise<string[]> {
  const rows = await query<{ name: string }>(
    `SELECT NAME AS name FROM information_schema.${flavour.sql.innodbTables} WHERE NAME LIKE '%/%'`,
  );
  return rows.map(({ name }) => name);
}

/** The table that a name of InnoDB's, or a file's, belongs to; undefined when that is none of its own. */
export function tableOf(name: string): string | undefined {
  if (AUXILIARY.test(name)) return undefined;
  return name.split(PARTITION, 1)[0];
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return []; // a file, or a folder that was dropped meanwhile
  }
}

async function isView(path: string): Promise<boolean> {
  try {
    await using file = await open(path);
    const bytes = Buffer.alloc(VIEW.length);
    await file.read(bytes, 0, bytes.length, 0);
    return bytes.toString('latin1') === VIEW;
  } catch {
    // Dropped meanwhile: no table either.
    return true;
  }
}
