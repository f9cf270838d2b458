import { existsSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { Secret } from '../../config/secret.ts';
import { ConfigError } from '../../errors.ts';
import { type FileOption, readOptionFile } from './option-file.ts';

/** How to reach the server: what `mysql_defaults_file` says, completed with the defaults. */
export interface MysqlOptions {
  /** The file this was read from. */
  readonly file: string;
  readonly user: string;
  readonly password: Secret | undefined;
  /** Over TCP, unless there is a `socket`. */
  readonly host: string;
  readonly port: number;
  /** Path of the socket to use instead of TCP. */
  readonly socket: string | undefined;
  readonly ssl: SslOptions;
  /**
   * What mariabackup and xtrabackup must be told besides `--defaults-file`, for them to go the same way as we do. They
   * read the same file, but without a host in it they look for a socket.
   */
  readonly arguments: readonly string[];
}

/** In the terms of the client option `ssl-mode`. */
export interface SslOptions {
  readonly mode: SslMode;
  /** Contents of the files that the option file names. */
  readonly ca: Buffer | undefined;
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
  readonly cipher: string | undefined;
}

export const SSL_MODES = ['disabled', 'preferred', 'required', 'verify_ca', 'verify_identity'] as const;

export type SslMode = (typeof SSL_MODES)[number];

/**
 * The groups that count: those that every client program reads, and mariabackup with them. [mysql] is left out, since
 * only the mysql shell reads it: a backup would start with other credentials than ours. Source: the --help of mariadb
 * and mariabackup.
 */
const GROUPS = ['client', 'client-server', 'client-mariadb'];

/** Where servers put their socket unless they are told: Debian, Red Hat, upstream's own builds. */
const DEFAULT_SOCKETS = ['/run/mysqld/mysqld.sock', '/var/lib/mysql/mysql.sock', '/tmp/mysql.sock'];

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 3306;

/** Reads the file that `[mysql] mysql_defaults_file` names. Throws a ConfigError that names file, line and option. */
export function readDefaultsFile(path: string): MysqlOptions {
  const { options } = readOptionFile(path);
  const find = (name: string) => {
    const option = options.findLast((each) => GROUPS.includes(each.group) && bareName(each) === name);
    if (option?.isUtf8 === false) {
      throw invalid(option, 'is not UTF-8', 'Save the file in UTF-8, and put the value in double quotes.');
    }
    return option;
  };
  const host = find('host')?.value || undefined;
  return {
    file: path,
    user: find('user')?.value || userInfo().username,
    // A password without a value asks for one at the terminal, and nobody is there.
    password: toSecret(find('password')?.value),
    host: host ?? DEFAULT_HOST,
    port: readPort(find('port')),
    socket: chooseSocket(host, find('socket')?.value || undefined, find('protocol')),
    ssl: readSsl(find),
    arguments: host === undefined && !find('socket')?.value ? [`--host=${DEFAULT_HOST}`] : [],
  };
}

type Find = (name: string) => FileOption | undefined;

/** `loose-` only says that a program may not know the option. */
function bareName({ name }: FileOption): string {
  return name.replace(/^loose-/, '');
}

function toSecret(value: string | undefined): Secret | undefined {
  return value === undefined ? undefined : new Secret(value);
}

function invalid(option: FileOption, reason: string, remedy?: string): ConfigError {
  const message = `${option.file}: line ${option.line}: [${option.group}] ${option.name} ${reason}`;
  return new ConfigError(message, remedy === undefined ? {} : { remedy });
}

function readPort(option: FileOption | undefined): number {
  if (option?.value === undefined) return DEFAULT_PORT;
  const port = /^\d+$/.test(option.value) ? Number(option.value) : Number.NaN;
  if (port >= 1 && port <= 65_535) return port;
  throw invalid(option, `must be a port from 1 to 65535, got "${option.value}"`);
}

/** `localhost` means the socket to the client programs, another host means TCP; `protocol` overrides both. */
function chooseSocket(
  host: string | undefined,
  socket: string | undefined,
  protocol: FileOption | undefined,
): string | undefined {
  const wanted = protocol?.value?.toLowerCase();
  if (wanted === 'tcp') return undefined;
  if (protocol && wanted !== 'socket')
    throw invalid(protocol, `must be tcp or socket, got "${wanted ?? ''}"`);
  const isLocal = host === undefined ? socket !== undefined : host === 'localhost';
  if (wanted !== 'socket' && !isLocal) return undefined;
  return socket ?? DEFAULT_SOCKETS.find((path) => existsSync(path)) ?? DEFAULT_SOCKETS[0];
}

function readSsl(find: Find): SslOptions {
  const ca = readPem(find('ssl-ca'));
  const cert = readPem(find('ssl-cert'));
  const key = readPem(find('ssl-key'));
  return { mode: readSslMode(find, ca !== undefined), ca, cert, key, cipher: find('ssl-cipher')?.value };
}

function readPem(option: FileOption | undefined): Buffer | undefined {
  if (!option?.value) return undefined;
  try {
    return readFileSync(option.value);
  } catch (cause) {
    throw new ConfigError(`${option.file}: line ${option.line}: cannot read ${option.name}=${option.value}`, {
      cause,
    });
  }
}

/** MySQL has `ssl-mode`, MariaDB and old MySQL `ssl` and `ssl-verify-server-cert`. A CA is there to be checked against. */
function readSslMode(find: Find, hasCa: boolean): SslMode {
  const option = find('ssl-mode');
  if (option) {
    const mode = SSL_MODES.find((each) => each === option.value?.toLowerCase());
    if (mode === undefined) throw invalid(option, `must be one of ${SSL_MODES.join(', ').toUpperCase()}`);
    return mode;
  }
  if (isOn(find('ssl-verify-server-cert'))) return 'verify_identity';
  if (isOn(find('skip-ssl')) || isOff(find('ssl'))) return 'disabled';
  if (hasCa) return 'verify_ca';
  return isOn(find('ssl')) || find('ssl-cert') ? 'required' : 'preferred';
}

const OFF = ['0', 'off', 'false'];

function isOn(option: FileOption | undefined): boolean {
  return option !== undefined && !isOff(option);
}

function isOff(option: FileOption | undefined): boolean {
  return OFF.includes(option?.value?.toLowerCase() ?? '');
}
