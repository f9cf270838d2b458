import { once } from 'node:events';
import { statSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import mysql from 'mysql2';
import type { ServerFiles } from './mysql-files.ts';

type Row = Readonly<Record<string, string>>;

/** What kind of server is stood in for. */
export interface Kind {
  /** `@@version`. */
  readonly version: string;
  /** `@@version_comment`. */
  readonly comment: string;
  /** The account lacks this privilege, or that of reading this table. */
  readonly lacks?: 'BACKUP_ADMIN' | 'log_status';
}

/** A stand-in for MySQL and Percona Server, which Debian 12 has not. Disposing ends it. */
export interface StandInServer extends AsyncDisposable {
  readonly port: number;
  /** What it was asked, in order. */
  readonly statements: readonly string[];
}

/** As the server says it, with the number of the error. */
class SqlError extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Speaks the protocol on a free port by means of mysql2, lets everybody in, answers the statements that a backup consists of as
 * a server of this version would, and all others with a syntax error.
 */
export async function startStandIn(files: ServerFiles, kind: Kind): Promise<StandInServer> {
  const statements: string[] = [];
  let connections = 0;
  const server = mysql.createServer((connection) => {
    connections += 1;
    connection.on('error', () => undefined); // a client that has gone is nobody's failure
    connection.serverHandshake({
      protocolVersion: 10,
      serverVersion: kind.version,
      connectionId: connections,
      statusFlags: 2,
      characterSet: 45,
      authCallback: (_login: unknown, admit: (error: null) => void) => {
        admit(null);
        connection.sequenceId = 0;
      },
      // Neither TLS nor compression: LONG_PASSWORD, CONNECT_WITH_DB, PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION.
      capabilityFlags: 0x1 | 0x8 | 0x200 | 0x2000 | 0x8000,
    });
    connection.on('query', (sql: string) => {
      statements.push(sql);
      // mysql2 goes on counting where the protocol begins anew with each statement: 0 is the client's, 1 the answer's.
      connection.sequenceId = 1;
      try {
        const rows = answer(sql, files, kind);
        if (rows === undefined) connection.writeOk();
        else connection.writeTextResult([...rows], Object.keys(rows[0] ?? { none: '' }).map(describeColumn));
      } catch (error) {
        if (!(error instanceof SqlError)) throw error;
        connection.writeError({ message: error.message, code: error.code });
      }
      connection.sequenceId = 0;
    });
  });
  // The types of mysql2 hide that it is one of Node.js.
  const listener = (server as unknown as { _server: Server })._server;
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    statements,
    async [Symbol.asyncDispose]() {
      listener.close();
      await once(listener, 'close');
    },
  };
}

const describeColumn = (name: string) => ({
  catalog: 'def',
  schema: '',
  table: '',
  orgTable: '',
  name,
  orgName: name,
  characterSet: 45,
  columnLength: 65_535,
  columnType: 253,
  flags: 0,
  decimals: 0,
});

/** Rows, or undefined for a statement that has none. Throws the SqlError of one that the server does not take. */
function answer(sql: string, files: ServerFiles, kind: Kind): readonly Row[] | undefined {
  const [, what, name] = /^SHOW GLOBAL (VARIABLES|STATUS) WHERE Variable_name = '(\w+)'$/.exec(sql) ?? [];
  if (what !== undefined && name !== undefined) {
    const value = (what === 'STATUS' ? statusOf(files, kind) : variablesOf(files))[name];
    return value === undefined ? [] : [{ Variable_name: name, Value: value }];
  }
  const isOf8 = !kind.version.startsWith('5.');
  const isOf84 = isOf8 && !kind.version.startsWith('8.0');
  const position = String(statSync(join(files.binlogDir, files.binlogs().at(-1) ?? '')).size);
  const file = files.binlogs().at(-1) ?? '';
  const tablespaces = isOf8 ? 'INNODB_TABLESPACES' : 'INNODB_SYS_TABLESPACES';
  switch (sql) {
    case 'SELECT CURRENT_USER() AS account':
      return [{ account: 'backup@%' }];
    case 'SELECT @@version AS version, @@version_comment AS comment':
      return [{ version: kind.version, comment: kind.comment }];
    case 'SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA':
      return [{ name: 'mysql' }];
    case `SELECT COUNT(*) AS files FROM information_schema.${tablespaces}`:
      return [{ files: '3' }];
    case `SELECT SUM(LEAST(FILE_SIZE, ALLOCATED_SIZE)) AS bytes FROM information_schema.${tablespaces} WHERE NAME NOT IN ('innodb_system', 'innodb_temporary') AND NAME NOT LIKE '%/#sql%'`:
      return [{ bytes: '65536' }];
    case 'SHOW ENGINE INNODB STATUS':
      return [
        {
          Type: 'InnoDB',
          Name: '',
          Status: `Log sequence number ${files.lsn()}\nLast checkpoint at  ${files.lsn()}\n`,
        },
      ];
    case 'FLUSH LOCAL BINARY LOGS':
      files.beginBinlog();
      return undefined;
    case 'SHOW BINARY LOGS':
      return files.binlogs().map((each) => ({ Log_name: each, File_size: '28' }));
    case 'FLUSH TABLES WITH READ LOCK':
    case 'UNLOCK TABLES':
      return undefined;
    case 'LOCK INSTANCE FOR BACKUP':
      if (!isOf8) break;
      if (kind.lacks === 'BACKUP_ADMIN') throw new SqlError(1227, LACKS_BACKUP_ADMIN);
      return undefined;
    case 'SELECT server_uuid, local, replication, storage_engines FROM performance_schema.log_status': {
      if (!isOf8) break;
      if (kind.lacks === 'log_status') throw new SqlError(1142, LACKS_LOG_STATUS);
      const local = { gtid_executed: GTIDS, binary_log_file: file, binary_log_position: Number(position) };
      return [{ server_uuid: UUID, local: JSON.stringify(local), replication: '{}', storage_engines: '{}' }];
    }
    case 'SHOW MASTER STATUS':
      if (isOf84) break;
      return [{ File: file, Position: position, Executed_Gtid_Set: GTIDS }];
  }
  throw new SqlError(1064, `You have an error in your SQL syntax near '${sql}'`);
}

const UUID = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
export const GTIDS = `${UUID}:1-5`;

const LACKS_BACKUP_ADMIN =
  'Access denied; you need (at least one of) the BACKUP_ADMIN privilege(s) for this operation';
const LACKS_LOG_STATUS = "SELECT command denied to user 'backup'@'%' for table 'log_status'";

function variablesOf({ datadir, binlogDir }: ServerFiles): Record<string, string> {
  return {
    hostname: hostname(),
    datadir: `${datadir}/`,
    server_uuid: UUID,
    log_bin: 'ON',
    log_bin_basename: join(binlogDir, 'mysql-bin'),
    innodb_data_file_path: 'ibdata1:12M:autoextend',
  };
}

/** Percona Server has always told its LSN, MySQL since 8.0.30. */
function statusOf(files: ServerFiles, { version, comment }: Kind): Record<string, string> {
  const lsn = String(files.lsn());
  if (/percona/i.test(comment)) return { Innodb_lsn_current: lsn };
  return version.startsWith('5.') ? {} : { Innodb_redo_log_current_lsn: lsn };
}
