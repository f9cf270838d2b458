import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection, ConnectionOptions } from 'mysql2/promise';
import { codeOf } from '../../errors.ts';
import type { MysqlOptions, SslMode } from './defaults-file.ts';
import { CONNECT_TIMEOUT_MS, connectError } from './mysql-errors.ts';

/** How long the server may take to say goodbye, in milliseconds. */
const END_MS = 1000;

/** A polite end, lest the server logs an aborted connection; but a server that hangs must not keep us. */
export async function endConnection(connection: Connection): Promise<void> {
  await Promise.race([connection.end().catch(() => undefined), delay(END_MS, undefined, { ref: false })]);
  connection.destroy();
}

/** Makes a connection of bytes to a server, once more for each try, such as one through SSH. */
export type Dial = () => Promise<Duplex>;

/** Connects as the options say, over `dial` when given. Throws a TwinDbError that never holds the password. */
export async function openConnection(options: MysqlOptions, dial?: Dial): Promise<Connection> {
  const { mode } = options.ssl;
  const wantsTls = mode === 'preferred' ? options.socket === undefined : mode !== 'disabled';
  // Loaded here, as most commands never talk to a server. A failure, as when an upgrade came before, is not the server's.
  const driver = await import('mysql2/promise');
  const tryConnection = async (tls: boolean): Promise<Connection> => {
    const stream = await dial?.();
    return await driver.createConnection({ ...connectionOptions(options, tls), ...(stream && { stream }) });
  };
  try {
    return await tryConnection(wantsTls);
  } catch (cause) {
    if (!(wantsTls && mode === 'preferred' && cannotDoTls(cause))) throw connectError(options, cause);
  }
  try {
    return await tryConnection(false);
  } catch (cause) {
    throw connectError(options, cause);
  }
}

/** `ssl-mode=PREFERRED` means plain text with a server that has no TLS, or none that this Node.js still speaks. */
function cannotDoTls(error: unknown): boolean {
  return /^(HANDSHAKE_NO_SSL_SUPPORT|HANDSHAKE_SSL_ERROR|EPROTO|ERR_SSL_.*)$/.test(codeOf(error) ?? '');
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
