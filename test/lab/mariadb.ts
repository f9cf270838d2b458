import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Connection, createConnection } from 'mysql2/promise';

/** What `mariadb.sh` wrote into `server.json`; all paths are absolute. */
interface ServerFiles {
  /** Holds everything of this server; readable by the server's user, so backups may be put into it too. */
  readonly dir: string;
  readonly datadir: string;
  readonly binlogDir: string;
  readonly socket: string;
  readonly port: number;
  /** `my.cnf`: the server's own options, none of a client's. */
  readonly serverOptionsFile: string;
  readonly errorLog: string;
  /** As an operator's `~/.my.cnf`: [client] with user, quoted password, port and socket. Here: root. */
  readonly defaultsFile: string;
  /** The user `backup`: the privileges mariabackup needs, and no more. */
  readonly backupDefaultsFile: string;
  /** The user `weak`: lacks RELOAD, so that no backup is possible. */
  readonly weakDefaultsFile: string;
  /** All three users have this password; it holds a blank, both kinds of quotes and a `#`. */
  readonly rootPassword: string;
}

/** A private MariaDB of one test. Disposing kills it and removes `dir`. */
export interface MariadbServer extends ServerFiles, AsyncDisposable {
  /** One statement as root, on a connection of its own. Blobs come as Buffer, DECIMAL and BIGINT beyond 2^53 as text. */
  sql<Row = Record<string, unknown>>(query: string, values?: readonly SqlValue[]): Promise<Row[]>;
  /** For what needs a session: transactions, locks, SET. The caller ends it. */
  connect(): Promise<Connection>;
  /** Binary logs and GTIDs begin anew. */
  resetBinlogs(): Promise<void>;
  /** A clean end. Stopping what is stopped does nothing. */
  stop(): Promise<void>;
  /** Once more after stop or kill, on the same port. */
  start(): Promise<void>;
  /** As a power cut for the server, not for the disk: what it wrote stays. */
  kill(): Promise<void>;
}

type SqlValue = string | number | bigint | boolean | Date | Buffer | null;

export interface MariadbOptions {
  /** Lines that end the [mysqld] section of its my.cnf, such as `skip_log_bin`. */
  readonly lines?: readonly string[];
}

/** mariadb.sh then starts Oracle's MySQL instead, for the tests that suit both (docs/contributing.md). */
export const isMysql = process.env['LAB_KIND'] === 'mysql';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('.', import.meta.url));

/** A fresh server without any schema, binary logging on, in half a second. */
export const startMariadb = (options: MariadbOptions = {}): Promise<MariadbServer> =>
  launch('mariadb.sh', 'start', [...(options.lines ?? [])]);

/**
 * A server on files that are there already: restored and prepared ones. As root they change hands to the
 * server's user. Disposing leaves them where they are. With other users in them than the lab's, start it
 * with the line `skip_grant_tables`.
 */
export const startOn = (datadir: string, options: MariadbOptions = {}): Promise<MariadbServer> =>
  launch('mariadb.sh', 'start-on', [datadir, ...(options.lines ?? [])]);

/** A fresh Galera node, the only one of its cluster, in state Synced. */
export const startGaleraNode = (options: MariadbOptions = {}): Promise<MariadbServer> =>
  launch('galera.sh', 'start', [...(options.lines ?? [])]);

async function call(script: string, ...args: readonly string[]): Promise<void> {
  // The test process owns the server: however it ends, the server goes with it.
  const env = { ...process.env, LAB_OWNER: String(process.pid) };
  await run(`${folder}${script}`, args, { env });
}

async function launch(script: string, command: string, args: readonly string[]): Promise<MariadbServer> {
  // Not os.tmpdir(): a socket lies in it and its path must be short.
  const dir = mkdtempSync('/tmp/twindb-db-');
  try {
    await call(script, command, dir, ...args);
  } catch (error) {
    await call('mariadb.sh', 'remove', dir);
    rmSync(dir, { recursive: true, force: true });
    throw error;
  }
  const files: ServerFiles = JSON.parse(readFileSync(`${dir}/server.json`, 'utf8'));
  const connect = (): Promise<Connection> =>
    createConnection({
      socketPath: files.socket,
      user: 'root',
      password: files.rootPassword,
      supportBigNumbers: true,
      timezone: 'Z',
    });
  const sql = async <Row>(query: string, values: readonly SqlValue[] = []): Promise<Row[]> => {
    const connection = await connect();
    try {
      const [rows] = await connection.query(query, [...values]);
      // A statement without a result set answers with a header instead of rows.
      return Array.isArray(rows) ? (rows as Row[]) : [];
    } finally {
      await connection.end();
    }
  };
  return {
    ...files,
    connect,
    sql,
    resetBinlogs: async () => {
      await sql(isMysql ? 'RESET BINARY LOGS AND GTIDS' : 'RESET MASTER');
    },
    stop: () => call('mariadb.sh', 'stop', dir),
    start: () => call(script, 'start', dir),
    kill: () => call('mariadb.sh', 'kill', dir),
    [Symbol.asyncDispose]: () => call('mariadb.sh', 'remove', dir),
  };
}
