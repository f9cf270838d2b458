import { chmod, chown, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { SavedConfig, ServerSetup } from '../../copies/mysql-copy.ts';
import { TwinDbError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Account } from '../../process/program.ts';
import { type Service, startService } from '../../process/service.ts';
import { BACKUP_MY_CNF } from '../copy/backup-my-cnf.ts';
import { halfOfAvailable } from '../copy/prepare.ts';
import type { Flavour } from '../flavours.ts';
import { redactSecrets } from '../server/blank-secrets.ts';
import type { MysqlOptions } from '../server/defaults-file.ts';
import { quoteAccount, saysNoAdmission } from '../server/mysql-errors.ts';
import { openSession, type Queries, type Session } from '../server/session.ts';
import { findServer } from './find-server.ts';
import { chooseAccount, giveTo, requireEntry } from './server-account.ts';
import { makeServerFolder, type ServerFolder } from './server-folder.ts';
import { originOptions, type Purpose, serverArguments } from './server-options.ts';
import { serverFailure } from './start-failure.ts';

export interface PrivateServerOptions {
  /** A prepared data directory. As root it is given to the account that the server runs as. */
  readonly datadir: string;
  /** Folders of ours above it, which as root that account must be let into: they get its group, and mode 0710. */
  readonly above?: readonly string[];
  /** Of the server that the copy was made from: one of its series is started. */
  readonly flavour: Flavour;
  readonly setup: ServerSetup | undefined;
  /** Its configuration files: what in them decides how the data are read is taken over. */
  readonly config: readonly SavedConfig[];
  readonly purpose: Purpose;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** How long it may take to start and to end, in milliseconds; for tests. */
  readonly limits?: Partial<Limits>;
}

interface Limits {
  readonly startMs: number;
  readonly stopMs: number;
}

/** A prepared data directory starts within seconds; one with very many tables, on a slow disk, takes minutes. What was replayed has to be written at the end. */
const LIMITS: Limits = { startMs: 15 * 60_000, stopMs: 30 * 60_000 };

/** A server of our own, on a data directory of our own, that nobody else can reach. Disposing kills it, and removes all but the data. */
export interface PrivateServer extends Queries, AsyncDisposable {
  readonly socket: string;
  /** Option file for client programs, for us alone: user, password, socket. */
  readonly clientFile: string;
  /** One more connection, whose statements may take so many milliseconds. The caller ends it. */
  connect(answerMs: number): Promise<Session>;
  /** Drops the user and ends the server cleanly. Throws a TwinDbError with the last errors of its log when that fails. */
  stop(): Promise<void>;
  /** The TwinDbError for a failure that the server may explain: with the last errors of its log. */
  explain(what: string, cause: unknown): Promise<TwinDbError>;
}

/**
 * Starts a server on a data directory: as a process group that ends with this process, whatever ends that; with a user of its own that
 * no other server has; without network, binary log, events and replication. Throws a TwinDbError when there is no server program of the
 * copy's series, and when it does not start, with the last errors of its log; and the reason of the signal. Nothing of it is left then.
 */
export async function startPrivateServer(options: PrivateServerOptions): Promise<PrivateServer> {
  const { flavour, signal } = options;
  const command = await findServer(flavour, signal);
  const account = await chooseAccount(options.datadir, signal);
  if (account !== undefined) await openTo(account, options);
  const backupMyCnf = await readFile(join(options.datadir, BACKUP_MY_CNF), 'utf8').catch(() => '');
  const contents = {
    options: originOptions({ ...options, backupMyCnf }),
    silencesBinlog: flavour.family === 'mysql',
  };
  const folder = await makeServerFolder(account, contents, signal);
  try {
    return await startIn(folder, { command, account }, options);
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

interface Run {
  readonly command: string;
  readonly account: Account | undefined;
}

async function startIn(
  folder: ServerFolder,
  run: Run,
  { flavour, purpose, log, signal, limits, ...options }: PrivateServerOptions,
): Promise<PrivateServer> {
  const { startMs, stopMs } = { ...LIMITS, ...limits };
  const explain = (what: string, cause: unknown) => serverFailure(what, folder.errorLog, cause);
  // It may have been named by a descriptor of ours, which the server has not.
  const datadir = await realpath(options.datadir);
  const args = serverArguments({
    datadir,
    purpose,
    family: flavour.family,
    files: folder,
    memory: halfOfAvailable(await readFile('/proc/meminfo', 'utf8'), process.constrainedMemory()),
  });
  log.debug(`Starting ${run.command} ${args.map(redactSecrets).join(' ')}`);
  const { service, session } = await startAndConnect(folder, { ...run, args }, startMs, signal).catch(
    async (error: unknown) => {
      signal.throwIfAborted();
      throw await explain(`The server for the ${purpose} of ${datadir} did not start`, error);
    },
  );
  log.debug(`The private server is ready at ${folder.socket}`);
  const dispose = async (): Promise<void> => {
    await session[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  };
  return {
    socket: folder.socket,
    clientFile: folder.clientFile,
    query: (sql, values) => session.query(sql, values),
    variable: (name) => session.variable(name),
    status: (name) => session.status(name),
    connect: (answerMs) => openSession(folder.login, signal, undefined, answerMs),
    explain,
    async stop() {
      try {
        if (flavour.family === 'mysql') await session.query('SET sql_log_bin=0');
        await session.query(`DROP USER ${quoteAccount(`${folder.login.user}@localhost`)}`);
        await session[Symbol.asyncDispose]();
        const failure = await untilAborted(service.stop(stopMs), signal);
        if (failure !== undefined) throw failure;
      } catch (error) {
        signal.throwIfAborted();
        throw await explain('The private server did not end cleanly', error);
      } finally {
        await dispose();
      }
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/** Starts the program, and waits until it lets us in. */
async function startAndConnect(
  { login }: ServerFolder,
  { command, args, account }: Run & { readonly args: readonly string[] },
  limitMs: number,
  signal: AbortSignal,
): Promise<{ service: Service; session: Session }> {
  const program = { command, args, redact: redactSecrets, environment: HERE, ...(account && { account }) };
  let session: Session | undefined;
  const isReady = async (): Promise<boolean> => {
    session = await tryConnection(login, signal);
    return session !== undefined;
  };
  const service = await startService(program, { isReady, limitMs, signal });
  if (session !== undefined) return { service, session };
  throw new TwinDbError('The server lets nobody in');
}

/** The time zone of this host, not of the terminal that we were called from: a server takes its SYSTEM zone from there. */
const HERE = { TZ: ':/etc/localtime' };

async function openTo(
  account: Account,
  { datadir, above = [], signal }: PrivateServerOptions,
): Promise<void> {
  for (const folder of above) {
    await chown(folder, -1, account.gid);
    await chmod(folder, 0o710);
  }
  await giveTo(account, datadir, signal);
  await requireEntry(account, datadir, signal);
}

/** Undefined while the server lets nobody in yet. Throws when it will not. */
async function tryConnection(login: MysqlOptions, signal: AbortSignal): Promise<Session | undefined> {
  try {
    return await openSession(login, signal);
  } catch (error) {
    signal.throwIfAborted();
    // The file that makes the user is read before anybody is let in.
    if (error instanceof TwinDbError && saysNoAdmission(error.cause)) throw error;
    return undefined;
  }
}

/** What is left to do when the signal comes is done by disposing. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const over = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { signal: over.signal });
  });
  try {
    signal.throwIfAborted();
    return await Promise.race([work, aborted]);
  } finally {
    over.abort();
  }
}
