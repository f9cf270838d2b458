import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, type ConnectionOptions, createConnection } from 'mysql2/promise';
import type { MysqlConfig } from '../config/config.ts';
import type { ServerVendor } from '../copies/mysql-copy.ts';
import type { Log } from '../log.ts';
import { type MysqlOptions, readDefaultsFile, type SslMode } from './defaults-file.ts';
import { type Flavour, flavourOf, vendorOf } from './flavours.ts';
import { readIdentity } from './identity.ts';
import { addressOf, CONNECT_TIMEOUT_MS, codeOf, connectError, isLost, queryError } from './mysql-errors.ts';

/** What a placeholder in a statement may stand for. */
export type SqlValue = string | number | null;

/** A MySQL or MariaDB server that we are connected to. Disposing of it ends the connection. */
export interface MysqlServer extends AsyncDisposable {
  /** Where and as whom: for messages, and for the backup program. */
  readonly options: MysqlOptions;
  /** `@@version`, such as `10.11.19-MariaDB-log`. */
  readonly version: string;
  readonly vendor: ServerVendor;
  readonly flavour: Flavour;
  /** Changes when the data directory is made anew or restored; see identity.ts. */
  readonly identity: string;
  /**
   * Runs one statement. BIGINT, DECIMAL and dates come as strings. A connection that has been lost meanwhile (an idle
   * one, after `wait_timeout`) is made anew first, so nothing may rely on settings of the session. Throws a TwinDbError
   * that names the server, the user and a missing privilege.
   */
  query<Row>(sql: string, values?: readonly SqlValue[]): Promise<Row[]>;
  /** The value of a global variable; undefined when the server has none of this name. */
  variable(name: string): Promise<string | undefined>;
  /** The value of a global status variable, likewise. */
  status(name: string): Promise<string | undefined>;
}

/** Connects as `[mysql] mysql_defaults_file` says. Throws a ConfigError for that file, a TwinDbError for the connection. */
export async function connectMysql(
  config: Pick<MysqlConfig, 'defaultsFile'>,
  log: Log,
): Promise<MysqlServer> {
  const options = readDefaultsFile(config.defaultsFile);
  const session = await openSession(options);
  try {
    const { query, variable } = session;
    const [about] = await query<{ version: string; comment: string | null }>(
      'SELECT @@version AS version, @@version_comment AS comment',
    );
    const version = about?.version ?? '';
    const vendor = vendorOf(version, about?.comment ?? '');
    const flavour = flavourOf(vendor, version);
    const identity = await readIdentity(vendor, variable);
    log.debug(`Connected to ${flavour.title} (${version}) at ${addressOf(options)} as ${options.user}`);
    log.debug(`Identity of the server: ${identity}`);
    return { ...session, options, version, vendor, flavour, identity };
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

/** How long the server may take to say goodbye, in milliseconds. */
const END_MS = 1000;

type Session = Pick<MysqlServer, 'query' | 'variable' | 'status' | typeof Symbol.asyncDispose>;

/** A connection that is made anew when it has been lost. */
async function openSession(options: MysqlOptions): Promise<Session> {
  let connection: Connection | undefined;
  let account = `${options.user}@%`;
  const connect = async (): Promise<Connection> => {
    const fresh = await openConnection(options);
    const forget = () => {
      if (connection === fresh) connection = undefined;
    };
    // Without a listener the loss of an idle connection would end the process; `end` comes when the server hangs up.
    fresh.on('error', forget);
    fresh.on('end', forget);
    connection = fresh;
    return fresh;
  };
  const query = async <Row>(sql: string, values: readonly SqlValue[] = []): Promise<Row[]> => {
    const current = connection ?? (await connect());
    try {
      const [rows] = await current.query(sql, [...values]);
      return rows as Row[];
    } catch (cause) {
      if (isLost(cause)) {
        connection = undefined;
        current.destroy();
      }
      throw queryError(options, account, sql, cause);
    }
  };
  const show = async (what: 'VARIABLES' | 'STATUS', name: string) => {
    const rows = await query<{ Value: string }>(`SHOW GLOBAL ${what} WHERE Variable_name = ?`, [name]);
    return rows[0]?.Value;
  };
  await connect();
  const [me] = await query<{ account: string }>('SELECT CURRENT_USER() AS account');
  account = me?.account ?? account;
  return {
    query,
    variable: (name) => show('VARIABLES', name),
    status: (name) => show('STATUS', name),
    async [Symbol.asyncDispose]() {
      const current = connection;
      connection = undefined;
      if (current) await endConnection(current);
    },
  };
}

/** A polite end, lest the server logs an aborted connection; but a server that hangs must not keep us. */
async function endConnection(connection: Connection): Promise<void> {
  await Promise.race([connection.end().catch(() => undefined), delay(END_MS, undefined, { ref: false })]);
  connection.destroy();
}

async function openConnection(options: MysqlOptions): Promise<Connection> {
  const { mode } = options.ssl;
  const wantsTls = mode === 'preferred' ? options.socket === undefined : mode !== 'disabled';
  try {
    return await createConnection(connectionOptions(options, wantsTls));
  } catch (cause) {
    if (wantsTls && mode === 'preferred' && cannotDoTls(cause)) return await openPlainConnection(options);
    throw connectError(options, cause);
  }
}

async function openPlainConnection(options: MysqlOptions): Promise<Connection> {
  try {
    return await createConnection(connectionOptions(options, false));
  } catch (cause) {
    throw connectError(options, cause);
  }
}

/** `ssl-mode=PREFERRED` means plain text with a server that has no TLS, or none that this Node.js still speaks. */
function cannotDoTls(error: unknown): boolean {
  return /^(HANDSHAKE_NO_SSL_SUPPORT|HANDSHAKE_SSL_ERROR|EPROTO|ERR_SSL_.*)$/.test(codeOf(error));
}

function connectionOptions(options: MysqlOptions, tls: boolean): ConnectionOptions {
  const { user, password, host, port, socket } = options;
  return {
    user,
    ...(password && { password: password.reveal() }),
    ...(socket === undefined ? { host, port } : { socketPath: socket }),
    ...(tls && { ssl: tlsOptions(options) }),
    connectTimeout: CONNECT_TIMEOUT_MS,
    // LSNs and sizes outgrow what a number of JavaScript holds exactly; dates would go through the local time zone.
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
  };
}

const CHECKS_CERTIFICATE: Readonly<Record<SslMode, boolean>> = {
  disabled: false,
  preferred: false,
  required: false,
  verify_ca: true,
  verify_identity: true,
};

function tlsOptions({ ssl }: MysqlOptions): NonNullable<Exclude<ConnectionOptions['ssl'], string>> {
  const { mode, ca, cert, key, cipher } = ssl;
  return {
    rejectUnauthorized: CHECKS_CERTIFICATE[mode],
    verifyIdentity: mode === 'verify_identity',
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(cipher && { ciphers: cipher }),
  };
}
