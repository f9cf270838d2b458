import { quoteLocation } from '../../copies/quote-location.ts';
import { describeError, TwinDbError } from '../../errors.ts';
import type { KeepingPlace, Kind, RecordedCopy, Sign } from '../../kinds/kind.ts';
import type { Log } from '../../log.ts';
import type { Decision } from '../../retention/plan.ts';
import type { Status } from '../../status/entries.ts';
import type { StatusFormat } from '../../status/status-format.ts';
import type { StoredStatus } from '../../status/status-store.ts';

/** One of the places that keep copies of one kind: the destination, or keep_local_path. */
export interface CopyPlace extends KeepingPlace {
  /** The attributes of a copy that was made just now, signed with the key of this machine, if it has one. */
  readonly sign: Sign;
  readonly format: StatusFormat;
}

/** The places a run keeps copies of one kind in, with their status. */
export interface CopyPlaces {
  readonly destination: CopyPlace;
  readonly local: CopyPlace | undefined;
}

/** The destination first, then keep_local_path where it is configured. */
export function listPlaces({ destination, local }: CopyPlaces): CopyPlace[] {
  return local === undefined ? [destination] : [destination, local];
}

/** What becomes of a status that lists copies `C`. */
export interface StatusChange<C extends RecordedCopy> {
  /** Key of the new copy's object; absent when there is none. */
  readonly made?: string;
  /** The status with the new copy; absent when there is none. */
  readonly enter?: (status: Status) => Status;
  /** What retention decides about the copies of the status that `enter` returned. */
  readonly plan?: (status: Status) => readonly Decision<C>[] | Promise<readonly Decision<C>[]>;
  /** The objects of these copies; by default each has one under its key. */
  readonly objectsOf?: (copies: readonly C[]) => Promise<string[]>;
}

/**
 * Enters a stored copy in the status, and applies retention; `object` is the key of its object. `changeStatus` says what a failure
 * leaves.
 */
export function recordCopy<C extends RecordedCopy>(
  place: CopyPlace,
  kind: Kind<C>,
  copy: C,
  { object = copy.key, log }: { readonly object?: string; readonly log: Log },
): Promise<void> {
  const enter = (status: Status) => kind.enter(status, copy, place.sign);
  const plan = (status: Status) => kind.plan(status, copy, place, log);
  return changeStatus(place, { made: object, enter, plan }, log);
}

/**
 * Enters a stored copy in the status and decides by the retention which copies go; `finishDeletions` removes them. The
 * order makes every crash harmless: object (there already), second status, status, deletions. When the copy could not be
 * entered, its object is removed again: nothing would ever expire it.
 */
export async function changeStatus<C extends RecordedCopy>(
  place: CopyPlace,
  change: StatusChange<C>,
  log: Log,
): Promise<void> {
  let stored: StoredStatus | undefined;
  try {
    stored = await place.status.read();
    await applyChange(place, stored, change, log);
  } catch (error) {
    if (change.made !== undefined) await withdraw(place, change.made, stored !== undefined, log);
    throw error;
  }
}

async function applyChange<C extends RecordedCopy>(
  { destination, status: store, format }: CopyPlace,
  stored: StoredStatus,
  { enter, plan, objectsOf }: StatusChange<C>,
  log: Log,
): Promise<void> {
  const status = enter?.(stored.status) ?? stored.status;
  const decisions = (await plan?.(status)) ?? [];
  for (const { copy, keep, reason } of decisions) {
    log.debug(
      `retention: ${keep ? 'keep' : 'remove'} ${quoteLocation(destination.locate(copy.key))} (${reason})`,
    );
  }
  const removed = decisions.filter((decision) => !decision.keep).map((decision) => decision.copy);
  if (status === stored.status && removed.length === 0) return;
  const keys = removed.map(({ key }) => key);
  const objects = objectsOf === undefined ? keys : await objectsOf(removed);
  await store.write({
    ...stored,
    status: format.withoutKeys(status, keys),
    deletions: [...stored.deletions, ...objects],
  });
}

/**
 * Where entering was tried, an answer may have been lost: then the status itself tells whether it lists the copy. One that only
 * the second copy lists stays, since that copy may want others deleted in its favour.
 */
async function withdraw(
  { destination, status }: CopyPlace,
  objectKey: string,
  wasTried: boolean,
  log: Log,
): Promise<void> {
  try {
    const lists = wasTried ? await status.whichLists(objectKey) : undefined;
    if (lists === undefined) await destination.delete(objectKey);
    if (lists === 'second') throw new TwinDbError('the second copy of the status lists it');
  } catch (error) {
    // The failure that led here is the one to report; this one must not hide it.
    log.warn(
      `The copy ${quoteLocation(destination.locate(objectKey))} may remain without an entry: ${describeError(error)}`,
    );
  }
}

/**
 * `finishDeletions` in every place; then throws the first error. A destination that lets nothing be deleted must not fill
 * the disk of this machine as well: copies that find no room there fail.
 */
export async function finishAllDeletions(places: CopyPlaces): Promise<void> {
  const outcomes = await Promise.allSettled(listPlaces(places).map(finishDeletions));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}

/**
 * Carries out the deletions that the status has recorded, also those of a run that was interrupted. Tries each of them;
 * throws a TwinDbError when some could not be carried out, and the next run tries those again.
 */
export async function finishDeletions({ destination, status }: CopyPlace): Promise<void> {
  const stored = await status.read();
  if (stored.deletions.length === 0) return;
  const remaining: string[] = [];
  let cause: unknown;
  for (const key of stored.deletions) {
    try {
      await destination.delete(key);
    } catch (error) {
      cause ??= error;
      remaining.push(key);
    }
  }
  await status.write({ ...stored, deletions: remaining });
  if (remaining.length === 0) return;
  throw new TwinDbError(`Cannot remove ${remaining.length} expired copies from ${destination.url}`, {
    cause,
    remedy: 'Let this user delete there. All copies that are to be kept are safe; each run tries again.',
  });
}
