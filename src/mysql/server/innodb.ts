import type { MysqlServer } from './server.ts';
import { queryTablespaces } from './tablespaces.ts';

/**
 * About how many bytes the server's data are, and so an unprepared copy of them: the files of InnoDB. Throws a TwinDbError
 * that names a missing privilege.
 */
export async function measureData(server: Pick<MysqlServer, 'query' | 'flavour'>): Promise<number> {
  const row = await queryTablespaces<{ bytes: string | null }>(server, 'SUM(FILE_SIZE) AS bytes');
  return Number(row?.bytes ?? 0);
}

/** How MariaDB and Percona Server, and MySQL since 8.0.30, call the LSN they have reached. */
const LSN_NAMES = ['Innodb_lsn_current', 'Innodb_redo_log_current_lsn'];

/** The LSN that the server has reached; undefined when it does not tell. */
export async function readLsn({ status }: Pick<MysqlServer, 'status'>): Promise<number | undefined> {
  for (const name of LSN_NAMES) {
    const lsn = Number((await status(name)) || Number.NaN);
    if (Number.isSafeInteger(lsn)) return lsn;
  }
  return undefined;
}
