import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
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
 * Looks before a copy whether the data directory here is the server's own: it has the server's `server_uuid`, or, of MariaDB, which has none,
 * a folder for each of its databases. Throws a TwinDbError when it is another one's. What this cannot tell, such as an empty server, the LSN
 * does after the copy.
 */
export async function requireOwnDatadir(
  server: Pick<MysqlServer, 'query' | 'variable' | 'options'>,
): Promise<void> {
  const datadir = await server.variable('datadir');
  if (datadir === undefined) return;
  // The option file may tell the program another folder: where the data of a container are seen from here.
  const named = readOptionFile(server.options.file).options.flatMap(({ name, value }) =>
    name === 'datadir' && value ? [value] : [],
  );
  const folders = [datadir, ...named];
  const uuid = await server.variable('server_uuid');
  const reason = await (uuid ? doubtUuid(uuid, folders) : doubtDatabases(server, folders));
  if (reason === undefined) return;
  throw new TwinDbError(
    `The server at ${addressOf(server.options)} is not the one whose files are in ${folders.at(-1)} on this host: ${reason}`,
    { remedy: REMEDY },
  );
}

async function doubtUuid(asked: string, folders: readonly string[]): Promise<string | undefined> {
  const found = await Promise.all(folders.map(readUuid));
  if (found.some((uuid) => uuid === undefined || uuid === asked.toLowerCase())) return undefined;
  return `its server_uuid is ${asked}, and that of auto.cnf there is ${found.at(-1)}`;
}

/** How long a database may take from its name to its folder, or back, in milliseconds. */
const SETTLING_MS = 1000;

/** A database that has no folder now, nor a moment later while the server still names it: it was not just made or dropped. */
async function doubtDatabases(
  server: Pick<MysqlServer, 'query'>,
  folders: readonly string[],
): Promise<string | undefined> {
  if ((await missingDatabases(server, folders)).length === 0) return undefined;
  await delay(SETTLING_MS);
  const [missing] = await missingDatabases(server, folders);
  return missing === undefined ? undefined : `its database ${missing} has no folder there`;
}

/** What Windows does not take as the name of a folder, which the servers call `aux@@@` everywhere. */
const RESERVED_NAME = /^(con|prn|aux|nul|com[1-9]|lpt[1-9])$/i;

/** The databases that none of the folders has; empty when one of these has all, or cannot be read. */
async function missingDatabases(
  { query }: Pick<MysqlServer, 'query'>,
  folders: readonly string[],
): Promise<readonly string[]> {
  const rows = await query<{ name: string }>('SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA');
  // Others have no folder (information_schema), or one whose name is written in another way.
  const names = rows
    .map(({ name }) => name)
    .filter((name) => /^\w+(?<!_schema)$/.test(name) && !RESERVED_NAME.test(name));
  const missing = await Promise.all(
    folders.map(async (folder) => {
      const entries = await readdir(folder).catch(() => undefined);
      if (entries === undefined) return []; // of another host
      const found = new Set(entries.map((entry) => entry.toLowerCase()));
      return names.filter((name) => !found.has(name.toLowerCase()));
    }),
  );
  return missing.find((each) => each.length === 0) ?? missing.at(-1) ?? [];
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
