import { dirname, join } from 'node:path';
import { TwinDbError } from '../errors.ts';
import type { MysqlServer } from './server.ts';

/** A binary log that the server has finished. */
export interface ClosedBinlog {
  /** As SHOW BINARY LOGS names it. */
  readonly name: string;
  /** Where its file lies on the server. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * Makes the server begin a new binary log and lists all the others, the oldest first. The one being written is never
 * among them. Undefined when binary logging is off. Throws a TwinDbError that names a missing privilege.
 */
export async function closeBinlogs(
  server: Pick<MysqlServer, 'query' | 'variable'>,
): Promise<readonly ClosedBinlog[] | undefined> {
  if ((await server.variable('log_bin'))?.toUpperCase() !== 'ON') return undefined;
  const folder = await findFolder(server);
  // LOCAL: replicas and the other nodes of a cluster need not do the same.
  await server.query('FLUSH LOCAL BINARY LOGS');
  // One statement, whose last row is the log being written: between two, the server may go on to the next one.
  const rows = await server.query<{ Log_name: string; File_size: string }>('SHOW BINARY LOGS');
  return rows
    .slice(0, -1)
    .map(({ Log_name: name, File_size: size }) => ({ name, path: join(folder, name), size: Number(size) }))
    .toSorted((a, b) => compareBinlogNames(a.name, b.name));
}

async function findFolder(server: Pick<MysqlServer, 'variable'>): Promise<string> {
  const basename = await server.variable('log_bin_basename');
  if (basename) return dirname(basename);
  throw new TwinDbError('Cannot tell where the binary logs lie: the server has no log_bin_basename', {
    remedy: 'MySQL before 5.6 and MariaDB before 10.1 are not supported.',
  });
}

/**
 * The order in which one server wrote two logs: by their number (contract D13), since mysql-bin.1000000 follows
 * mysql-bin.999999. Names that differ in more than the number are ordered as text.
 */
export function compareBinlogNames(a: string, b: string): number {
  const [left, right] = [splitName(a), splitName(b)];
  if (left.stem !== right.stem) return left.stem < right.stem ? -1 : 1;
  return left.number - right.number;
}

/** A copy of the Python tool, or ours after RESET MASTER, may have more behind the number. */
function splitName(name: string): { stem: string; number: number } {
  const [, stem = name, number = '0'] = /^(.*?)\.(\d+)(?:\.|$)/.exec(name) ?? [];
  return { stem, number: Number(number) };
}
