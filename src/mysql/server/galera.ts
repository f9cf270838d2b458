import { setTimeout as delay } from 'node:timers/promises';
import { describeError, TwinDbError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { isLost } from './mysql-errors.ts';
import type { MysqlServer } from './server.ts';

/** How long the node may take to catch up before it takes part in flow control again, in seconds (contract: xtrabackup). */
const CATCH_UP_SECONDS = 900;

/** How long a server that does not answer is asked again to end the desynchronisation, in seconds: a restart fits in. */
const RETRY_SECONDS = 60;

/** The same after the signal: the operator waits for the end of the run. */
const RETRY_SECONDS_AFTER_SIGNAL = 5;

const POLL_MS = 200;

/**
 * Whether the server is a node of a Galera cluster. A server that has no `wsrep_on` (MySQL), has it OFF, or has no
 * provider (any MariaDB) is none, which is no error (contract D17).
 */
export async function isGalera(server: Pick<MysqlServer, 'variable'>): Promise<boolean> {
  if (!/^(ON|1)$/i.test((await server.variable('wsrep_on')) ?? '')) return false;
  const provider = await server.variable('wsrep_provider');
  return provider !== undefined && provider !== '' && provider !== 'none';
}

interface DesyncOptions {
  readonly log: Log;
  /** Ends the work and the wait for the node; the desynchronisation ends after it all the same. */
  readonly signal: AbortSignal;
  readonly catchUpSeconds?: number;
  readonly retrySeconds?: number;
}

/**
 * Does the work while the node is desynchronised, so that it does not hold up its cluster. Afterwards, whatever
 * happened, also after the connection was lost, waits until the node has caught up and ends the desynchronisation; after
 * the signal at once. When that is impossible it throws, even though the work succeeded: let the work record its copy.
 */
export async function withDesync<T>(
  server: Server,
  work: () => Promise<T>,
  options: DesyncOptions,
): Promise<T> {
  options.signal.throwIfAborted();
  if (await isDesynced(server)) {
    // Left by a run that was killed, or somebody else's; which of the two cannot be told.
    options.log.warn('wsrep_desync is ON already; it will be OFF after this backup');
  }
  await beginDesync(server, options);
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await endDesync(server, options).catch((failure: unknown) => {
      // Both have to be known; the chain of causes has room for one.
      throw new TwinDbError(describeError(failure), { cause: error, hasLines: true });
    });
    throw error;
  }
  await endDesync(server, options);
  return result;
}

type Server = Pick<MysqlServer, 'query' | 'variable' | 'afterwards'>;

async function isDesynced(server: Server): Promise<boolean> {
  return (await server.variable('wsrep_desync'))?.toUpperCase() === 'ON';
}

async function beginDesync(server: Server, options: DesyncOptions): Promise<void> {
  try {
    await server.query('SET GLOBAL wsrep_desync = ON');
  } catch (error) {
    // The server may have heard us nevertheless.
    if (options.signal.aborted || isLost(error)) await endDesync(server, options);
    throw error;
  }
  options.log.debug('wsrep_desync is ON');
}

async function endDesync({ afterwards }: Server, options: DesyncOptions): Promise<void> {
  const { log, signal, catchUpSeconds = CATCH_UP_SECONDS, retrySeconds = RETRY_SECONDS } = options;
  const start = performance.now();
  const isOver = (since: number, seconds: number) => performance.now() >= since + seconds * 1000;
  let lastAnswer = start;
  for (;;) {
    try {
      // A node that is behind holds up its cluster for a while; an operator who ends the run takes that.
      const queue = signal.aborted ? 0 : Number((await afterwards.status('wsrep_local_recv_queue')) ?? 0);
      if (queue === 0 || isOver(start, catchUpSeconds)) {
        if (queue > 0) log.warn(`The node is ${queue} write sets behind after ${catchUpSeconds} seconds`);
        await afterwards.query('SET GLOBAL wsrep_desync = OFF');
        log.debug('wsrep_desync is OFF');
        return;
      }
      lastAnswer = performance.now();
    } catch (cause) {
      // A lost connection is made anew by the next query.
      if (isOver(lastAnswer, signal.aborted ? RETRY_SECONDS_AFTER_SIGNAL : retrySeconds)) {
        throw cannotEnd(cause, options);
      }
    }
    await delay(POLL_MS);
  }
}

/** A run that is interrupted ends with that reason alone, so this one is told here. */
function cannotEnd(cause: unknown, { log, signal }: DesyncOptions): TwinDbError {
  const error = new TwinDbError('Cannot end the desynchronisation of this Galera node', {
    cause,
    remedy:
      'While it lasts the node falls behind. Run: SET GLOBAL wsrep_desync=OFF (a server that was restarted has it OFF).',
  });
  if (signal.aborted) log.error(describeError(error));
  return error;
}
