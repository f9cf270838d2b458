import type { ServerSetup, Upstream } from '../copies/mysql-copy.ts';
import { isRecord } from '../status/envelope.ts';

/** What an entry says of how its server was set up; undefined when it says nothing, as the Python tool's do. */
export function parseServerSetup(value: unknown): ServerSetup | undefined {
  if (!isRecord(value)) return undefined;
  const { settings, unit, filters, upstreams } = value;
  return {
    settings: textsOf(settings),
    unit: typeof unit === 'string' ? unit : undefined,
    filters: textsOf(filters),
    upstreams: Array.isArray(upstreams) ? upstreams.map(toUpstream) : [],
  };
}

/** The members of an object that are texts. */
export function textsOf(value: unknown): Record<string, string> {
  const entries = isRecord(value) ? Object.entries(value) : [];
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function toUpstream(value: unknown): Upstream {
  const texts = textsOf(value);
  const { connection = '', host = '', port = '', user = '', binlog = '', position = '', gtid = '' } = texts;
  const toldBy = texts['toldBy'] === 'program' ? 'program' : 'server';
  return { connection, host, port, user, binlog, position, gtid, toldBy };
}
