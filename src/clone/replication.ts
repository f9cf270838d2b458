import { setTimeout as delay } from 'node:timers/promises';
import type { Secret } from '../config/secret.ts';
import { describeError, TwinDbError } from '../errors.ts';
import type { ReplicationSource } from '../mysql/replication-syntax.ts';
import type { MysqlServer } from '../mysql/server/server.ts';

/** How long the replica may take to connect to its source and to begin, in milliseconds. */
const BEGIN_MS = 60_000;

/** How long both threads have to run: the first event that cannot be applied ends one of them, and comes a moment later. */
const STEADY_MS = 3000;

const POLL_MS = 250;

type Server = Pick<MysqlServer, 'query' | 'flavour'>;

/**
 * Makes a fresh server a replica of `source`, from the copy's place on. The password goes to the server and nowhere else.
 * Throws a TwinDbError without it.
 */
export async function replicateFrom(
  { query, flavour }: Server,
  source: ReplicationSource,
  password: Secret,
): Promise<void> {
  const { replication } = flavour;
  await query(replication.stop);
  await query(replication.reset);
  for (const { sql, values } of source.gtid === undefined ? [] : replication.adoptGtid(source.gtid)) {
    await query(sql, values);
  }
  const { sql, values } = replication.changeSource(source);
  try {
    await query(sql, [...values, password.reveal()]);
  } catch (error) {
    throw redact(error, password);
  }
  await query(replication.start);
}

/**
 * The error of the driver holds the whole statement, so it is not kept as a cause. A server quotes a piece of a statement that
 * it does not understand (`near '…'`), and the password may stand in it, whole or in part.
 */
function redact(error: unknown, password: Secret): TwinDbError {
  const message = describeError(error).replace(/\bnear '.*/s, 'near […]');
  const secret = password.reveal();
  return new TwinDbError(secret === '' ? message : message.replaceAll(secret, '[secret]'), {
    hasLines: true,
  });
}

/** How a replica is doing. */
export interface ReplicaState {
  readonly receiving: string;
  readonly applying: string;
  /** Undefined: the replica cannot tell yet. */
  readonly secondsBehind: number | undefined;
  /** The last error of either thread; empty: none. */
  readonly error: string;
  /** An error in applying does not go away by itself. */
  readonly isFinal: boolean;
}

/** One row of SHOW SLAVE STATUS or SHOW REPLICA STATUS, in the columns of either. */
export function readReplicaState(row: Readonly<Record<string, unknown>>): ReplicaState {
  const column = (...names: string[]) => {
    const name = names.find((each) => row[each] !== undefined && row[each] !== null);
    return name === undefined ? '' : String(row[name]);
  };
  const behind = column('Seconds_Behind_Master', 'Seconds_Behind_Source');
  const failed = column('Last_SQL_Error');
  return {
    receiving: column('Slave_IO_Running', 'Replica_IO_Running'),
    applying: column('Slave_SQL_Running', 'Replica_SQL_Running'),
    secondsBehind: behind === '' ? undefined : Number(behind),
    error: failed || column('Last_IO_Error'),
    isFinal: failed !== '',
  };
}

/**
 * Waits until both threads have run for some seconds without a break. Throws a TwinDbError with the server's own words when they
 * do not. `limitMs`: how long they may take to begin.
 */
export async function requireReplicating(
  { query, flavour }: Server,
  signal: AbortSignal,
  limitMs: number = BEGIN_MS,
): Promise<ReplicaState> {
  const deadline = performance.now() + limitMs;
  let running: number | undefined;
  for (;;) {
    signal.throwIfAborted();
    const [row = {}] = await query<Record<string, unknown>>(flavour.replication.status);
    const state = readReplicaState(row);
    const runs = state.receiving === 'Yes' && state.applying === 'Yes';
    running = runs ? (running ?? performance.now()) : undefined;
    if (running !== undefined && performance.now() - running >= STEADY_MS) return state;
    if (state.isFinal || (!runs && performance.now() > deadline)) {
      throw new TwinDbError(
        `Replication does not run: ${state.error || `receiving: ${state.receiving || 'No'}, applying: ${state.applying || 'No'}`}`,
      );
    }
    await delay(POLL_MS);
  }
}
