import type { Upstream } from '../../copies/mysql-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import type { RestoredData } from './advice.ts';
import { advisePrimary } from './advise-primary.ts';

/** What the binary logs of a server do not hold, and what it was a replica of, a line each. */
export function adviseReplication({ setup, flavour }: Pick<RestoredData, 'setup' | 'flavour'>): string[] {
  if (setup === undefined) return [];
  const { settings, filters, upstreams } = setup;
  const updates = ['log_slave_updates', 'log_replica_updates'].find((name) => settings[name] === 'OFF');
  return [
    ...upstreams.map(
      (upstream) =>
        `The server was a replica of ${describeUpstream(upstream)} when the copy was ${upstream.toldBy === 'program' ? 'complete' : 'begun'}.` +
        (flavour.family === 'mariadb' && upstream.toldBy === 'server'
          ? ' Where it used GTIDs, gtid_slave_pos in these data says where it goes on.'
          : ''),
    ),
    ...advisePrimary(upstreams, flavour),
    ...(updates !== undefined && upstreams.length > 0
      ? [
          `What it got from there is not in its own logs (${updates}=OFF), so a replay does not bring that back: make it a replica again.`,
        ]
      : []),
    ...Object.entries(filters).map(([name, value]) =>
      name.startsWith('Binlog')
        ? `Its logs do not have everything (${name}: ${quoteLocation(value)}): a replay does not bring back what they leave out.`
        : `As a replica it did not apply everything (${name}: ${quoteLocation(value)}).`,
    ),
  ];
}

function describeUpstream({ connection, host, port, binlog, position, gtid }: Upstream): string {
  if (host === '') return 'a server that is not known, as the account for backups has no SLAVE MONITOR,';
  const name = connection === '' ? '' : ` (connection ${connection})`;
  const where = gtid === '' ? `${binlog}, position ${position}` : `GTID ${gtid}`;
  return quoteLocation(`${host}:${port}${name}, at ${where}`);
}
