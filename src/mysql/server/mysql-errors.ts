import { codeOf, hasCode, TwinDbError } from '../../errors.ts';
import type { MysqlOptions } from './defaults-file.ts';

/** `db1:3306` or the path of a socket. */
export function addressOf({ socket, host, port }: MysqlOptions): string {
  return socket ?? `${host}:${port}`;
}

interface Explanation {
  readonly reason?: string;
  readonly remedy?: string;
}

/** Whether the server is there and does not let this account in: waiting changes nothing. */
export function saysNoAdmission(error: unknown): boolean {
  return hasCode(
    error,
    'ER_ACCESS_DENIED_ERROR',
    'ER_ACCESS_DENIED_NO_PASSWORD_ERROR',
    'ER_HOST_NOT_PRIVILEGED',
  );
}

/** The TwinDbError for a connection that could not be made; it never holds the password. */
export function connectError(options: MysqlOptions, cause: unknown): TwinDbError {
  const message = `Cannot connect to MySQL at ${addressOf(options)} as ${options.user}`;
  const { reason, remedy } = explainConnect(options, cause);
  return new TwinDbError(reason === undefined ? message : `${message}: ${reason}`, {
    cause,
    ...(remedy !== undefined && { remedy }),
  });
}

function explainConnect(options: MysqlOptions, cause: unknown): Explanation {
  const { file, socket, host, password, user } = options;
  const code = codeOf(cause) ?? '';
  const running = 'Start the server';
  switch (code) {
    case 'ER_ACCESS_DENIED_ERROR':
    case 'ER_ACCESS_DENIED_NO_PASSWORD_ERROR':
      return {
        reason: `access denied (${password ? 'with' : 'without'} a password)`,
        remedy: `Correct user and password in the group [client] of ${file}, or let ${user} connect from this host.`,
      };
    case 'ECONNREFUSED':
      return {
        reason: socket ? 'no server listens on this socket' : 'connection refused',
        remedy: `${running}, or correct ${socket ? 'socket' : 'host and port'} in ${file}.`,
      };
    case 'ENOENT':
      return {
        reason: 'there is no such socket',
        remedy: `${running}, or correct socket in ${file}.`,
      };
    case 'EACCES':
      return { reason: 'no permission to use this socket', remedy: 'Run the command as root.' };
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return { reason: `unknown host ${host}`, remedy: `Correct host in ${file}.` };
    case 'ETIMEDOUT':
      return {
        reason: `no answer within ${CONNECT_TIMEOUT_MS / 1000} seconds`,
        remedy: 'See whether the server is overloaded, or a firewall drops the connection.',
      };
    case 'ER_CON_COUNT_ERROR':
      return { reason: 'too many connections', remedy: 'Raise max_connections on the server.' };
    case 'ER_HOST_NOT_PRIVILEGED':
      return { reason: 'the server admits no connection from this host' };
    case 'ER_HOST_IS_BLOCKED':
      return { reason: 'the server has blocked this host', remedy: 'Run there: mysqladmin flush-hosts' };
    case 'HANDSHAKE_NO_SSL_SUPPORT':
      return { reason: 'the server offers no TLS', remedy: `Correct the ssl options in ${file}.` };
    case 'HANDSHAKE_SSL_ERROR':
      return { reason: 'the TLS handshake failed', remedy: `Correct the ssl options in ${file}.` };
    case 'AUTH_SWITCH_PLUGIN_ERROR':
      return {
        reason: 'the account logs in by a method that is not supported here',
        remedy: `Give ${user} mysql_native_password or caching_sha2_password.`,
      };
    default:
      return {};
  }
}

/** How long a connection may take to be made, in milliseconds. */
export const CONNECT_TIMEOUT_MS = 10_000;

/**
 * The privilege that the server says is missing, such as `RELOAD`, in its own words or in those of a backup program
 * that quotes it; undefined when the text is about something else.
 */
export function missingPrivilege(text: string): string | undefined {
  const all = /you need \(at least one of\) the (.+?) privilege\(s\)/i.exec(text)?.[1];
  // The server names all that would do, the strongest first; the last is the narrowest.
  return all?.split(/, | or /).at(-1);
}

/** The TwinDbError for a statement that failed. `account` is the one the server knows us by, as `user@host`. */
export function queryError(options: MysqlOptions, account: string, sql: string, cause: unknown): TwinDbError {
  const message = `Cannot run "${sql}" on MySQL at ${addressOf(options)} as ${options.user}`;
  const missing = cause instanceof Error ? missingPrivilege(cause.message) : undefined;
  if (missing === undefined) return new TwinDbError(message, { cause });
  return new TwinDbError(`${message}: missing privilege ${missing}`, {
    cause,
    remedy: `Run as an administrator: GRANT ${missing} ON *.* TO ${quoteAccount(account)};`,
  });
}

/** `backup@%` -> `'backup'@'%'`. */
export function quoteAccount(account: string): string {
  const at = account.lastIndexOf('@');
  return [account.slice(0, at), account.slice(at + 1)]
    .map((part) => `'${part.replaceAll("'", "''")}'`)
    .join('@');
}

/** Whether the connection was lost, so that nobody knows whether the statement was run. */
export function isLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('fatal' in error && error.fatal === true) || isLost(error.cause);
}
