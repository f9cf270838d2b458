import type { Upstream } from '../../copies/mysql-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { quoteSql, type Statement } from '../replication-syntax.ts';
import type { RestoredData } from './advice.ts';

/**
 * How to make the restored server a replica of the same primaries again, a line each; nothing where the copy does not tell its place in
 * their logs: from a place before it, events would be applied twice.
 */
export function advisePrimary(
  upstreams: readonly Upstream[],
  { family, replication }: Pick<RestoredData['flavour'], 'family' | 'replication'>,
): string[] {
  const placed = upstreams.filter(({ toldBy }) => toldBy === 'program');
  if (placed.length === 0) return [];
  const { adoptGtid, changeSource, ofConnection, start, stop, reset } = replication;
  // One set of GTIDs is of all connections.
  const gtid = placed.find((upstream) => upstream.gtid !== '')?.gtid;
  const statements = [
    stop,
    reset,
    ...(gtid === undefined ? [] : adoptGtid(gtid).map(fill)),
    ...placed.flatMap((upstream) => {
      const source = {
        host: upstream.host,
        port: Number(upstream.port),
        user: upstream.user,
        binlog: upstream.binlog,
        position: Number(upstream.position),
        gtid: upstream.gtid === '' ? undefined : upstream.gtid,
      };
      const { sql, values } = changeSource(source);
      const change = fill({ sql, values: [...values, 'PASSWORD'] });
      return [ofConnection(change, upstream.connection), ofConnection(start, upstream.connection)];
    }),
  ];
  const users = [...new Set(placed.map(({ user }) => user))].join(', ');
  return [
    `To make it a replica of the same primary instead of replaying its own logs, run these statements in ${family} as root, with the password of ${quoteLocation(users)} in place of PASSWORD, and the options for TLS if it had any:`,
    ...statements.map((statement) => `  ${quoteLocation(statement)};`),
  ];
}

function fill({ sql, values }: Statement): string {
  const left = values.map((value) => (typeof value === 'number' ? String(value) : quoteSql(value)));
  return sql.replaceAll('?', () => left.shift() ?? '?');
}
