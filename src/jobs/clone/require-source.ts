import { TwinDbError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { replicationColumn } from '../../mysql/server/replication-column.ts';
import type { MysqlServer } from '../../mysql/server/server.ts';
import { readFilters } from '../../mysql/server/server-setup.ts';

/**
 * Makes sure that everything which changes on the source is in its binary logs from now on, under an id of its own: a replica
 * would go on without the rest, and say that it is well. Throws a TwinDbError that says what is missing.
 */
export async function requireSource({
  query,
  variable,
  flavour,
}: Pick<MysqlServer, 'query' | 'variable' | 'flavour'>): Promise<void> {
  const isOn = async (name: string) => (await variable(name))?.toUpperCase() === 'ON';
  if (!(await isOn('log_bin'))) {
    throw new TwinDbError('The server on this host writes no binary log, so nothing can replicate from it', {
      remedy: 'Set log_bin in its my.cnf, and restart it.',
    });
  }
  if ((await variable('server_id')) === '0') {
    throw new TwinDbError('The server on this host has server_id 0, so nothing can replicate from it', {
      remedy: 'Set server_id in its my.cnf, and restart it.',
    });
  }
  if ((await isOn('log_slave_updates')) || (await isOn('log_replica_updates'))) return;
  const [upstream] = await query<Record<string, unknown>>(flavour.replication.upstreams);
  const others = upstream === undefined ? undefined : `its own source ${describeUpstream(upstream)}`;
  const cluster = (await isOn('wsrep_on')) ? 'the other nodes of its cluster' : undefined;
  const from = others ?? cluster;
  if (from === undefined) return;
  throw new TwinDbError(
    `The server on this host does not log what it receives from ${from}, so a replica of it would never get that`,
    {
      remedy:
        'Set log_slave_updates in its my.cnf, and restart it' +
        (others === undefined
          ? '.'
          : ', or clone from that source; if it is a replica no more, run RESET SLAVE ALL.'),
    },
  );
}

/** What the source does not log never gets to a replica. The place in its logs, asked for in the end, takes the same privilege. */
export async function warnOfFilters(
  { query, flavour }: Pick<MysqlServer, 'query' | 'flavour'>,
  log: Log,
): Promise<void> {
  const filters = Object.entries(readFilters(await query(flavour.sql.binlogStatus)));
  if (filters.length === 0) return;
  log.warn(
    'A replica gets nothing that changes later in the databases that these options of this host leave out: ' +
      filters.map(([name, value]) => `${name.toLowerCase()}=${value}`).join(', '),
  );
}

function describeUpstream(row: Readonly<Record<string, unknown>>): string {
  return `${replicationColumn(row, 'Master_Host')}:${replicationColumn(row, 'Master_Port')}`;
}
