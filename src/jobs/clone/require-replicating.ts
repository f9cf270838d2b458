import { setTimeout as delay } from 'node:timers/promises';
import { TwinDbError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { MysqlServer } from '../../mysql/server/server.ts';
import { type ReplicaState, readReplicaState } from './replica-state.ts';
import { formatPlace, hasReached, type LogPlace, type SourcePlace } from './source-place.ts';

/** How long to wait for what, in milliseconds. */
export interface ReplicationLimits {
  /** Until both threads run without a break: the replica has to connect to its source, and may have to again. */
  readonly beginMs: number;
  /** How long both threads have to run: the first event that cannot be applied ends one of them, and comes a moment later. */
  readonly steadyMs: number;
  /** Until it has applied what the source had logged. One that is still at it then is only behind. */
  readonly catchUpMs: number;
  /** How long it may stand still before that. One transaction, or ALTER TABLE, counts as applied at its end only, and can be large. */
  readonly standstillMs: number;
}

const LIMITS: ReplicationLimits = {
  beginMs: 60_000,
  steadyMs: 3000,
  catchUpMs: 60_000,
  standstillMs: 30 * 60_000,
};

const POLL_MS = 250;

/** A replica whose threads run, and to which the source's events get. */
export interface Replicating extends ReplicaState {
  /** False: it applies one after the other, and has not come to the place yet. */
  readonly hasCaughtUp: boolean;
}

/**
 * Waits until both threads have run for some seconds without a break and all is applied that the source had logged up to
 * `wanted`. On an idle source that is nothing, and nothing is written there to have something to see: the places are those of the source's
 * own logs, and the replica is told of them over the connection, events or not. Throws a TwinDbError that has the server's own
 * words when a thread ends, and both places when nothing moves, of which it warns before; a replica that moves is returned when its time is over.
 */
export async function requireReplicating(
  { query, flavour }: Pick<MysqlServer, 'query' | 'flavour'>,
  wanted: SourcePlace,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
  limits: ReplicationLimits = LIMITS,
): Promise<Replicating> {
  const begun = performance.now();
  let steady = begun;
  let running: number | undefined;
  let isWarned = false;
  let last: { readonly place: LogPlace; readonly since: number; readonly moved: boolean } | undefined;
  for (;;) {
    signal.throwIfAborted();
    const [row = {}] = await query<Record<string, unknown>>(flavour.replication.status);
    const state = readReplicaState(row);
    const now = performance.now();
    requireNoFilters(state);
    const runs = state.receiving === 'Yes' && state.applying === 'Yes';
    if (state.isFinal || (!runs && now - steady > limits.beginMs)) throw notRunning(state);
    running = runs ? (running ?? now) : undefined;
    if (last === undefined || !isSame(last.place, state.applied)) {
      last = { place: state.applied, since: now, moved: Boolean(last?.place.binlog) };
    }
    if (running !== undefined && now - running >= limits.steadyMs) {
      steady = now;
      if (await hasApplied({ query }, state, wanted)) return { ...state, hasCaughtUp: true };
      const still = now - last.since;
      // What moved at first and then no more has to move once again.
      if (now - begun > limits.catchUpMs && last.moved && still < limits.catchUpMs / 2)
        return { ...state, hasCaughtUp: false };
      if (still > limits.standstillMs) throw new TwinDbError(describeStandstill(state, wanted, still));
      if (still > limits.catchUpMs && !isWarned) {
        isWarned = true;
        const minutes = Math.round(limits.standstillMs / 60_000);
        log.warn(
          `${describeStandstill(state, wanted, still)}. Waiting until it moves, ${minutes} minutes at most`,
        );
      }
    }
    await delay(POLL_MS);
  }
}

async function hasApplied(
  { query }: Pick<MysqlServer, 'query'>,
  { applied, isByGtid }: ReplicaState,
  wanted: SourcePlace,
): Promise<boolean> {
  if (hasReached(applied, wanted)) return true;
  // By GTID, MySQL need not name a place in a log of which it needs nothing.
  if (!isByGtid) return false;
  const sql = 'SELECT GTID_SUBSET(?, @@GLOBAL.gtid_executed) AS has';
  const [row] = await query<{ has: number }>(sql, [wanted.gtids]);
  return Number(row?.has) === 1;
}

const isSame = (one: LogPlace, other: LogPlace) =>
  one.binlog === other.binlog && one.position === other.position;

function requireNoFilters({ filters }: ReplicaState): void {
  if (filters.length === 0) return;
  throw new TwinDbError(`Replication would leave something out: ${filters.join(', ')}`, {
    remedy: 'Remove the options replicate_* from the option files of both hosts.',
  });
}

function notRunning({ error, receiving, applying }: ReplicaState): TwinDbError {
  return new TwinDbError(
    `Replication does not run: ${error || `receiving: ${receiving || 'No'}, applying: ${applying || 'No'}`}`,
  );
}

function describeStandstill(
  { received, applied, saysReceiver, saysApplier }: ReplicaState,
  wanted: SourcePlace,
  stillMs: number,
): string {
  const [what, says, look] = hasReached(received, wanted)
    ? [
        'nothing of it is applied',
        saysApplier,
        'locks, init_file and the events of the event scheduler there',
      ]
    : ['nothing of it arrives', saysReceiver, 'the network between, and SHOW PROCESSLIST on the source'];
  return (
    `Replication stands still, and ${what} although both threads run (${says || 'the replica does not say why'}): ` +
    `the source had logged up to ${formatPlace(wanted)}; the replica has received up to ${formatPlace(received)} and applied up to ` +
    `${formatPlace(applied)}, the same for ${Math.round(stillMs / 1000)} s. Look at ${look}`
  );
}
