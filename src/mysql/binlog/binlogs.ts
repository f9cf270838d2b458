import { dirname, join } from 'node:path';
import { isBinlogName } from '../../copies/binlog-copy.ts';
import { TwinDbError } from '../../errors.ts';
import type { MysqlServer } from '../server/server.ts';

/** A binary log that the server has finished. */
export interface ClosedBinlog {
  /** As SHOW BINARY LOGS names it. */
  readonly name: string;
  /** Where its file lies on the server. */
  readonly path: string;
  /** Bytes of its events, as the server sends them; its file may have more. 0: the server could not open its file. */
  readonly size: number;
}

interface BinlogRow {
  readonly Log_name: string;
  readonly File_size: string;
  /** MySQL since 8.0.14; MariaDB has no such column, and no such header either. */
  readonly Encrypted?: string;
}

/** Bytes in front of an encrypted log of MySQL. Source: "Encrypting Binary Log Files and Relay Log Files" in its manual. */
const ENCRYPTION_HEADER = 512;

type Server = Pick<MysqlServer, 'query' | 'variable'>;

/** Makes the server begin a new binary log, and lists the others as `listClosedBinlogs` does. */
export async function closeBinlogs(server: Server): Promise<readonly ClosedBinlog[] | undefined> {
  if (!(await isLogging(server))) return undefined;
  // LOCAL: replicas and the other nodes of a cluster need not do the same.
  await server.query('FLUSH LOCAL BINARY LOGS');
  return await listClosedBinlogs(server);
}

async function isLogging(server: Server): Promise<boolean> {
  return (await server.variable('log_bin'))?.toUpperCase() === 'ON';
}

/**
 * Lists the logs that the server has finished, the oldest first. The one being written is never among them. Undefined when
 * binary logging is off. Throws a TwinDbError that names a missing privilege, and for a name that no server gives: it would
 * become a path and a key.
 */
export async function listClosedBinlogs(server: Server): Promise<readonly ClosedBinlog[] | undefined> {
  return (await listBinlogs(server))?.slice(0, -1);
}

/** The same with the log being written, which is the last one, and whose size is what it had a moment ago. */
export async function listBinlogs(server: Server): Promise<readonly ClosedBinlog[] | undefined> {
  if (!(await isLogging(server))) return undefined;
  const folder = await findFolder(server);
  // One statement, whose last row is the log being written: between two, the server may go on to the next one.
  const rows = await server.query<BinlogRow>('SHOW BINARY LOGS');
  for (const { Log_name: name } of rows) {
    if (!isBinlogName(name))
      throw new TwinDbError(
        `The server lists a binary log ${JSON.stringify(name)}, which is no name of a binary log`,
      );
  }
  return rows.map(({ Log_name: name, File_size: size, Encrypted: encrypted }) => ({
    name,
    path: join(folder, name),
    size: Math.max(Number(size) - (encrypted === 'Yes' ? ENCRYPTION_HEADER : 0), 0),
  }));
}

async function findFolder(server: Server): Promise<string> {
  const basename = await server.variable('log_bin_basename');
  if (basename) return dirname(basename);
  throw new TwinDbError('Cannot tell where the binary logs lie: the server has no log_bin_basename', {
    remedy: 'MySQL before 5.6 and MariaDB before 10.1 are not supported.',
  });
}
