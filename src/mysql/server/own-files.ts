import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TwinDbError } from '../../errors.ts';
import { addressOf } from './mysql-errors.ts';
import { readOptionFile } from './option-file.ts';
import type { MysqlServer } from './server.ts';

/**
 * The backup program asks the server, and reads files of this host. A socket or port that leads into a container or to another
 * host makes that two servers, and the copy holds the data of the wrong one. It is refused on proof only: host names prove
 * nothing, and what cannot be read goes on.
 */

const REMEDY =
  'Run the backup where the files of that server are, such as in its container, or have [mysql] mysql_defaults_file lead to the server of this host.';

/**
 * Looks before a copy whether the data directory here has the server's own `server_uuid`. Throws a TwinDbError when it has
 * another. MariaDB has none; there the LSN tells, after the copy.
 */
export async function requireOwnDatadir({
  variable,
  options,
}: Pick<MysqlServer, 'variable' | 'options'>): Promise<void> {
  const [asked, datadir] = [await variable('server_uuid'), await variable('datadir')];
  if (!asked || datadir === undefined) return;
  // The option file may tell the program another folder: where the data of a container are seen from here.
  const named = readOptionFile(options.file).options.flatMap(({ name, value }) =>
    name === 'datadir' && value ? [value] : [],
  );
  const found = await Promise.all([datadir, ...named].map(readUuid));
  if (found.some((uuid) => uuid === undefined || uuid === asked.toLowerCase())) return;
  throw new TwinDbError(
    `The server at ${addressOf(options)} is not the one whose files are in ${named.at(-1) ?? datadir} on this host: ` +
      `its server_uuid is ${asked}, and that of auto.cnf there is ${found.at(-1)}`,
    { remedy: REMEDY },
  );
}

async function readUuid(datadir: string): Promise<string | undefined> {
  try {
    const text = await readFile(join(datadir, 'auto.cnf'), 'utf8');
    return /^\s*server[-_]uuid\s*=\s*([\w-]+)\s*$/m.exec(text)?.[1]?.toLowerCase();
  } catch {
    return undefined; // of another host, or of a server that has none
  }
}

/** A block of the redo log of MySQL and old MariaDB, in bytes: an LSN may be counted up to its end or from the next one's header. */
const LOG_BLOCK = 512;

/** What the server said of its LSN around a copy; undefined: it does not tell. */
export interface LsnRange {
  readonly before: number | undefined;
  readonly after: number | undefined;
}

/**
 * Compares the last LSN of a copy with those of the server before and after it. `to_lsn` would not do, as it is the last
 * checkpoint, which lies before. Throws a TwinDbError when the copy ends where the server has not been.
 */
export function requireOwnLsn(
  { options }: Pick<MysqlServer, 'options'>,
  lastLsn: number | undefined,
  { before, after }: LsnRange,
): void {
  if (lastLsn === undefined || before === undefined || after === undefined) return;
  if (lastLsn >= before - LOG_BLOCK && lastLsn <= after + LOG_BLOCK) return;
  throw new TwinDbError(
    `The server at ${addressOf(options)} is not the one whose files were copied: ` +
      `it went from LSN ${before} to ${after} meanwhile, and the copy ends at LSN ${lastLsn}`,
    { remedy: REMEDY },
  );
}
