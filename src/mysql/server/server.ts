import type { MysqlConfig } from '../../config/config.ts';
import type { ServerVendor } from '../../copies/mysql-copy.ts';
import type { Log } from '../../log.ts';
import { type Flavour, flavourOf, vendorOf } from '../flavours.ts';
import type { Dial } from './connection.ts';
import { type MysqlOptions, readDefaultsFile } from './defaults-file.ts';
import { readIdentity } from './identity.ts';
import { addressOf } from './mysql-errors.ts';
import { openSession, type Queries, type Session } from './session.ts';

/**
 * A MySQL or MariaDB server that we are connected to. Disposing of it ends the connection. Its own queries end with the
 * signal that it was given; `afterwards` has those that don't.
 */
export interface MysqlServer extends Queries, Pick<Session, 'afterwards' | typeof Symbol.asyncDispose> {
  /** Where and as whom: for messages, and for the backup program. */
  readonly options: MysqlOptions;
  /** `@@version`, such as `10.11.19-MariaDB-log`. */
  readonly version: string;
  readonly vendor: ServerVendor;
  readonly flavour: Flavour;
  /** Changes when the data directory is made anew or restored; see identity.ts. */
  readonly identity: string;
  /** Stays then, and tells it from other servers; see identity.ts. */
  readonly id: string;
}

/**
 * Connects as `[mysql] mysql_defaults_file` says. Throws a ConfigError for that file, a TwinDbError for the connection, and
 * the reason of `signal` once it has aborted: a server that hangs must not keep anyone who wants to end the run.
 */
export async function connectMysql(
  config: Pick<MysqlConfig, 'defaultsFile'>,
  log: Log,
  signal: AbortSignal = new AbortController().signal,
): Promise<MysqlServer> {
  return await connectMysqlBy(readDefaultsFile(config.defaultsFile), log, signal);
}

/**
 * The same with options that are read already, and over `dial` where neither TCP nor a socket of this host leads there.
 * `answerMs`, the milliseconds a statement may take, is for tests.
 */
export async function connectMysqlBy(
  options: MysqlOptions,
  log: Log,
  signal: AbortSignal,
  dial?: Dial,
  answerMs?: number,
): Promise<MysqlServer> {
  const session = await openSession(options, signal, dial, answerMs);
  try {
    const [about] = await session.query<{ version: string; comment: string | null }>(
      'SELECT @@version AS version, @@version_comment AS comment',
    );
    const version = about?.version ?? '';
    const vendor = vendorOf(version, about?.comment ?? '');
    const flavour = flavourOf(vendor, version);
    const { identity, id } = await readIdentity(vendor, (name) => session.variable(name));
    log.debug(`Connected to ${flavour.title} (${version}) at ${addressOf(options)} as ${options.user}`);
    log.debug(`Identity of the server: ${identity}`);
    return { ...session, options, version, vendor, flavour, identity, id };
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}
