import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { MysqlServer } from './server.ts';
import { systemTablespace } from './system-tablespace.ts';
import { queryTablespaces } from './tablespaces.ts';

/** In the names of what belongs to a statement under way, such as an ALTER, and is gone when it has ended. */
const TEMPORARY = '#sql';

/**
 * The system tablespace is measured by its files, as not every version lists it. The temporary one is in no copy: a server
 * makes its own when it starts.
 */
const MEASURED_BY_INNODB = `NAME NOT IN ('innodb_system', 'innodb_temporary') AND NAME NOT LIKE '%/${TEMPORARY}%'`;

/**
 * What a copy of the server's data takes on a disk when it is unpacked, in bytes: no more than that, so that nobody is kept
 * from a restore for which there is room, and hardly less. Holes, as in page-compressed tables, are not counted. What is
 * dropped after this, before the backup program has come to it, is.
 *
 * It is made of InnoDB's tablespaces, wherever they lie, as the server tells them; of the files of its system tablespace; and of the
 * data and index files of other engines below the data directory. information_schema.TABLES would tell the latter too, but
 * only of tables that the backup user may see, and MariaDB opens each one for it: 0.6 s for 3,000 tables, while the files of
 * 100,000 took 4.5 s. Logs and table definitions, which the copy has as well, are not counted, nor what cannot be read from here: then
 * the backup program cannot read it either. Throws a TwinDbError that names a missing privilege.
 */
export async function measureData(
  server: Pick<MysqlServer, 'query' | 'flavour' | 'variable'>,
): Promise<number> {
  const row = await queryTablespaces<{ bytes: string | null }>(
    server,
    'SUM(LEAST(FILE_SIZE, ALLOCATED_SIZE)) AS bytes',
    MEASURED_BY_INNODB,
  );
  let bytes = Number(row?.bytes ?? 0);
  const datadir = await server.variable('datadir');
  if (datadir === undefined) return bytes;
  bytes += await measureFiles(await systemTablespace(datadir, server.variable));
  // Each schema is a folder, or a link to one.
  for (const name of await list(datadir)) bytes += await measureFolder(join(datadir, name));
  return bytes;
}

/** What the files of InnoDB's redo log take, in bytes; they are made when the server starts. */
export async function readRedoLogSize({ variable }: Pick<MysqlServer, 'variable'>): Promise<number> {
  // Since MySQL 8.0.30 this one counts; the other two remain, and say nothing.
  const capacity = Number(await variable('innodb_redo_log_capacity'));
  if (capacity > 0) return capacity;
  const files = Number((await variable('innodb_log_files_in_group')) ?? 1);
  return (Number(await variable('innodb_log_file_size')) || 0) * files;
}

/** Of MyISAM, Aria, ARCHIVE, CSV and RocksDB, in this order. */
const DATA_FILE = /\.(MYD|MYI|MAD|MAI|ARZ|CSV|sst)$/;

async function measureFolder(path: string): Promise<number> {
  const names = await list(path);
  const files = names.filter((name) => DATA_FILE.test(name) && !name.startsWith(TEMPORARY));
  return await measureFiles(files.map((name) => join(path, name)));
}

async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return []; // a file, another user's folder, or one that was dropped meanwhile
  }
}

/** Files that are looked at together. */
const AT_ONCE = 1000;

/** st_blocks counts these, whatever the file system's own are: stat(2). */
const BLOCK = 512;

async function measureFiles(paths: readonly string[]): Promise<number> {
  let sum = 0;
  for (let start = 0; start < paths.length; start += AT_ONCE) {
    for (const size of await Promise.all(paths.slice(start, start + AT_ONCE).map(measureFile))) sum += size;
  }
  return sum;
}

/** What is allocated beyond the end of a file is not in its copy. */
async function measureFile(path: string): Promise<number> {
  try {
    const { size, blocks } = await stat(path);
    return Math.min(size, blocks * BLOCK);
  } catch {
    return 0; // as for folders
  }
}
