import type { MysqlCopy, Upstream } from '../../copies/mysql-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';

/** Both names of the option by which a server logs what it gets from others. */
const LOGS_UPDATES = ['log_slave_updates', 'log_replica_updates'];

/**
 * Throws a TwinDbError when the logs of the server that a copy is of do not have what it got from others, as a replica or a node of a cluster: what
 * is replayed without that would not be what the server held.
 */
export function requireOwnLogs({
  key,
  galera,
  serverSetup,
}: Pick<MysqlCopy, 'key' | 'galera' | 'serverSetup'>): void {
  const { settings = {}, upstreams = [] } = serverSetup ?? {};
  const off = LOGS_UPDATES.find((name) => settings[name] === 'OFF');
  if (off === undefined || (upstreams.length === 0 && !galera)) return;
  const what = upstreams.length > 0 ? 'a replica' : 'a node of a Galera cluster';
  throw new TwinDbError(
    `Nothing can be replayed on ${quoteLocation(key)}: its server was ${what}, and does not log what it gets from others (${off}=OFF)`,
    { remedy: upstreams.length > 0 ? ofReplica(upstreams) : ofNode(off) },
  );
}

/** What a server leaves out of its logs, as a sentence without its period; undefined where it logs all, as far as is known. */
export function describeFilters({ serverSetup }: Pick<MysqlCopy, 'serverSetup'>): string | undefined {
  const filters = Object.entries(serverSetup?.filters ?? {}).filter(([name]) => /^binlog_/i.test(name));
  if (filters.length === 0) return undefined;
  const options = filters.map(([name, value]) => `${name.toLowerCase()}=${value}`).join(', ');
  return `The server left changes out of its binary logs (${quoteLocation(options)}): what it changed there after the copy does not come back`;
}

function ofReplica(upstreams: readonly Upstream[]): string {
  const places = upstreams.map(
    ({ host, port, binlog, position, gtid }) =>
      `${host === '' ? 'its primary' : `${host}:${port}`}${gtid === '' ? (binlog === '' ? '' : ` from ${binlog}, position ${position}`) : ` from GTID ${gtid}`}`,
  );
  return `Replay the logs of ${quoteLocation(places.join(' and '))}: restore the copy without --to-…, the steps at its end make the server its replica again. Or restore a copy of the primary, with --hostname.`;
}

function ofNode(option: string): string {
  return `Restore a copy of a node that has ${option}=ON, with --hostname; or restore this one without --to-…, and let it join the others.`;
}
