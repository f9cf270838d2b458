import { TwinDbError } from '../../errors.ts';
import type { Flavour } from '../flavours.ts';

/** Files that the backup programs write into a copy beside those of the flavour table, by all their names. */
const PROGRAM_FILES = ['logfile', 'binlog_pos_innodb', 'slave_info', 'tablespaces', 'keys', 'suspended_2'];
const PREFIXES = ['xtrabackup_', 'mariadb_backup_'];

/** Those of the server itself; where they are outside the data directory, a database may be called so. */
const SERVER_FILES = /^(ibdata\d+|ib_logfile\d+|ib_buffer_pool|undo_?\d{3}|aria_log_control)$/;

/**
 * Makes sure that no database has the name of a file which a copy has as well: its folder and that file cannot both be unpacked. Throws a
 * TwinDbError that names it.
 */
export async function requireUnreservedNames(server: {
  query<Row>(sql: string): Promise<Row[]>;
  readonly flavour: Pick<Flavour, 'files'>;
}): Promise<void> {
  const rows = await server.query<{ name: string }>(
    'SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA',
  );
  const reserved = new Set([
    ...Object.values(server.flavour.files).flat(),
    ...PREFIXES.flatMap((prefix) => PROGRAM_FILES.map((name) => `${prefix}${name}`)),
  ]);
  const found = rows.find(({ name }) => reserved.has(name) || SERVER_FILES.test(name));
  if (found === undefined) return;
  throw new TwinDbError(
    `The database ${found.name} cannot be backed up: a file of each copy has that name, so no copy of this server could be restored`,
    {
      remedy:
        'Give the database another name: make a new one, RENAME its TABLEs into it, and DROP the old one.',
    },
  );
}
