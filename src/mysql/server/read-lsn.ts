import type { MysqlServer } from './server.ts';

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
