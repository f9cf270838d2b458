import type { ServerSetup, Upstream } from '../../copies/mysql-copy.ts';
import { describeError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { replicationColumn } from './replication-column.ts';
import type { MysqlServer } from './server.ts';
import { findUnit } from './server-process.ts';
import { MEANINGS } from './statement-settings.ts';

type Server = Pick<MysqlServer, 'query' | 'variable' | 'status' | 'flavour'>;

/** Variables that tell where the server's files are, how it calls them, what it logs, and what its statements mean; none has more names than one server's. */
const SETTINGS = [
  ...MEANINGS,
  'datadir',
  'innodb_data_file_path',
  'aria_log_dir_path',
  'log_bin_basename',
  'log_slave_updates',
  'log_replica_updates',
  'lower_case_table_names',
  'system_time_zone',
];

/** And all of these. */
const INNODB_FOLDERS = /^innodb_\w*(dir|dirs|directory|directories)$/;

/** Columns by which a server says what it leaves out. */
const FILTER = /^(Binlog|Replicate)_(Do|Ignore|Wild_Do|Wild_Ignore|Rewrite)_(DB|Table)$/;

/**
 * What the steps after a restore will have to know of the server. None of it is needed for a copy: what an account may not ask for, or a server
 * does not know, is left out.
 */
export async function readServerSetup(server: Server, log: Log): Promise<ServerSetup> {
  const ask = async (sql: string): Promise<Record<string, unknown>[]> => {
    try {
      return await server.query(sql);
    } catch (error) {
      log.debug(`Not recorded of the server: ${describeError(error)}`);
      return [];
    }
  };
  const { binlogStatus } = server.flavour.sql;
  const variables = await ask(
    `SHOW GLOBAL VARIABLES WHERE Variable_name LIKE 'innodb%dir%' OR Variable_name IN (${SETTINGS.map((name) => `'${name}'`).join(', ')})`,
  );
  const upstreams = await ask(server.flavour.replication.upstreams);
  // MariaDB says that it replicates to any account, from where only to one with SLAVE MONITOR.
  if (upstreams.length === 0 && Number((await server.status('Slaves_running')) ?? 0) > 0) upstreams.push({});
  const logs = await ask(binlogStatus);
  return {
    settings: Object.fromEntries(
      variables
        .map((row) => [text(row['Variable_name']), text(row['Value'])] as const)
        .filter(([name]) => SETTINGS.includes(name) || INNODB_FOLDERS.test(name)),
    ),
    unit: await findUnit(server),
    filters: readFilters([...logs, ...upstreams]),
    upstreams: upstreams.map(toUpstream),
  };
}

/** What a server leaves out of its logs or those of its sources, by the columns that say so. */
export function readFilters(rows: readonly Readonly<Record<string, unknown>>[]): Record<string, string> {
  return Object.fromEntries(
    rows.flatMap((row) =>
      Object.entries(row).flatMap(([name, value]) =>
        FILTER.test(name) && value ? [[name, text(value)]] : [],
      ),
    ),
  );
}

function toUpstream(row: Record<string, unknown>): Upstream {
  const column = (name: string) => replicationColumn(row, name);
  return {
    connection: column('Connection_name') || column('Channel_Name'),
    host: column('Master_Host'),
    port: column('Master_Port'),
    user: column('Master_User'),
    binlog: column('Relay_Master_Log_File'),
    position: column('Exec_Master_Log_Pos'),
    gtid: '',
    toldBy: 'server',
  };
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
