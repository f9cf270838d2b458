import { isGalera } from '../server/galera.ts';
import type { MysqlServer } from '../server/server.ts';

/** What changes on a server without getting into its binary logs. */
export interface Unlogged {
  /** It is a replica or a Galera node, and log_slave_updates is off. */
  readonly received: boolean;
  /** The options that choose databases, with what they name: `binlog_do_db=a,b`. */
  readonly filters: readonly string[];
}

interface StatusRow {
  readonly Binlog_Do_DB?: string;
  readonly Binlog_Ignore_DB?: string;
}

/**
 * Asks what the binary logs do not hold, with the privileges that their copies need anyway. Without PROCESS, or while replication is
 * stopped, nothing shows that a server is a replica.
 */
export async function findUnlogged({
  query,
  variable,
  flavour,
}: Pick<MysqlServer, 'query' | 'variable' | 'flavour'>): Promise<Unlogged> {
  const [status] = await query<StatusRow>(flavour.sql.binlogStatus);
  const filters = [
    ['binlog_do_db', status?.Binlog_Do_DB],
    ['binlog_ignore_db', status?.Binlog_Ignore_DB],
  ].flatMap(([option, names]) => (names ? [`${option}=${names}`] : []));
  const isLogged =
    (await isOn(variable, 'log_slave_updates')) || (await isOn(variable, 'log_replica_updates'));
  // What a Galera node gets from the others is logged by the same option.
  const receives = async () => (await isGalera({ variable })) || (await hasReplicaThread(query));
  return { received: !isLogged && (await receives()), filters };
}

async function isOn(variable: MysqlServer['variable'], name: string): Promise<boolean> {
  return (await variable(name))?.toUpperCase() === 'ON';
}

/**
 * SHOW REPLICA STATUS takes a privilege that the account of a backup does not have. MariaDB says what its threads of replication are;
 * on MySQL the one with the connection has the command Connect.
 */
async function hasReplicaThread(query: MysqlServer['query']): Promise<boolean> {
  const threads = await query<{ User: string; Command: string }>('SHOW PROCESSLIST');
  return threads.some(({ User, Command }) => User === 'system user' && /^(Slave|Connect)/.test(Command));
}

/** What to tell the operator; undefined when everything is logged. */
export function describeUnlogged({ received, filters }: Unlogged): string | undefined {
  const missing = [
    ...(received ? ['what it receives from other servers (log_slave_updates is off)'] : []),
    ...(filters.length > 0 ? [`the databases that these options leave out: ${filters.join(', ')}`] : []),
  ];
  if (missing.length === 0) return undefined;
  return (
    `The binary logs of this server do not hold ${missing.join(', nor ')}. Replaying them after a restore cannot bring such changes back; ` +
    'only the full and incremental copies have them. To log them, change these options in my.cnf and restart the server'
  );
}
