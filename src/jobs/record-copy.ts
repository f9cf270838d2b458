import type { Destination } from '../destinations/destination.ts';
import { TwinDbError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Decision } from '../retention/plan.ts';
import type { PeriodicStatus } from '../status/periodic-status.ts';
import type { StatusStore } from '../status/status-store.ts';

/** One of the places that keep copies of one kind: the destination, or keep_local_path. */
export interface CopyPlace<S = PeriodicStatus> {
  readonly destination: Destination;
  readonly status: StatusStore<S>;
  /** Whether the newest copy stays whatever the retention says. */
  readonly alwaysKeepNewest: boolean;
}

/** The places a run keeps copies of one kind in, with their status. */
export interface CopyPlaces<S = PeriodicStatus> {
  readonly remote: CopyPlace<S>;
  readonly local: CopyPlace<S> | undefined;
}

/** What becomes of a status `S` of copies `C`. */
export interface StatusChange<S, C extends { readonly key: string }> {
  /** The status with the new copy; as it is, when there is none. */
  readonly enter: (status: S) => S;
  /** What retention decides about the copies of the status that `enter` returned. */
  readonly plan: (status: S) => readonly Decision<C>[];
  readonly without: (status: S, keys: readonly string[]) => S;
  /** The objects of these copies; by default each has one under its key. */
  readonly objectsOf?: (copies: readonly C[]) => Promise<string[]>;
}

/**
 * Enters a stored copy in the status and applies retention. The order makes every crash harmless: object (there
 * already), second status, status, deletions. What is left of the deletions is finished by `finishDeletions` of the next
 * run.
 */
export async function recordCopy<S, C extends { readonly key: string }>(
  place: CopyPlace<S>,
  { enter, plan, without, objectsOf }: StatusChange<S, C>,
  log: Log,
): Promise<void> {
  const stored = await place.status.read();
  const status = enter(stored.status);
  const decisions = plan(status);
  for (const { copy, keep, reason } of decisions) {
    log.debug(`retention: ${keep ? 'keep' : 'remove'} ${place.destination.locate(copy.key)} (${reason})`);
  }
  const removed = decisions.filter((decision) => !decision.keep).map((decision) => decision.copy);
  if (status === stored.status && removed.length === 0) return;
  const keys = removed.map(({ key }) => key);
  const objects = objectsOf === undefined ? keys : await objectsOf(removed);
  await place.status.write({
    status: without(status, keys),
    deletions: [...stored.deletions, ...objects],
  });
  await finishDeletions(place);
}

/** `finishDeletions` in every place. */
export async function finishAllDeletions<S>({ remote, local }: CopyPlaces<S>): Promise<void> {
  await finishDeletions(remote);
  if (local) await finishDeletions(local);
}

/** Carries out the deletions that the status has recorded, also those of a run that was interrupted. */
export async function finishDeletions<S>({ destination, status }: CopyPlace<S>): Promise<void> {
  const stored = await status.read();
  if (stored.deletions.length === 0) return;
  try {
    for (const key of stored.deletions) await destination.delete(key);
  } catch (cause) {
    throw new TwinDbError(`Cannot remove expired copies from ${destination.url}`, {
      cause,
      remedy: 'All copies that are to be kept are safe; the next run tries again.',
    });
  }
  await status.write({ status: stored.status, deletions: [] });
}
