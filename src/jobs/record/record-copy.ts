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
export interface StatusChange<C extends { readonly key: string }> {
  /** Key of the new copy's object; absent when there is none. */
  readonly made?: string;
  /** The status with the new copy; absent when there is none. */
  readonly enter?: (status: Status) => Status;
  /** What is decided about the copies of the status that `enter` returned. A TwinDbError that it throws leaves all as it is. */
  readonly plan?: (status: Status) => readonly Decision<C>[] | Promise<readonly Decision<C>[]>;
  /** The objects of these copies; by default each has one under its key. */
  readonly objectsOf?: (copies: readonly C[]) => Promise<string[]>;
}

/** What entering a stored copy makes of the status, with what retention decides; `object` is the key of its object. */
export function entering<C extends RecordedCopy>(
  place: CopyPlace,
  kind: Kind<C>,
  copy: C,
  { object = copy.key, log }: { readonly object?: string; readonly log: Log },
): StatusChange<C> {
  const enter = (status: Status) => kind.enter(status, copy, place.sign);
  const plan = (status: Status) => kind.plan(status, copy, place, log);
  return { made: object, enter, plan };
}

/**
 * Enters a stored copy in the status, and applies retention; `object` is the key of its object. `changeStatus` says what a failure
 * leaves.
 */
export async function recordCopy<C extends RecordedCopy>(
  place: CopyPlace,
  kind: Kind<C>,
  copy: C,
  options: { readonly object?: string; readonly log: Log },
): Promise<void> {
  await changeStatus(place, entering(place, kind, copy, options), options.log);
}

/**
 * Enters a stored copy in the status and decides by the retention which copies go; `finishDeletions` removes them. The
 * order makes every crash harmless: object (there already), second status, status, deletions. When the copy could not be
 * entered, its object is removed again: nothing would ever expire it. Returns what was decided.
 */
export async function changeStatus<C extends { readonly key: string }>(
  place: CopyPlace,
  change: StatusChange<C>,
  log: Log,
): Promise<readonly Decision<C>[]> {
  let wasRead = false;
  let decisions: readonly Decision<C>[] = [];
  try {
    await place.status.change(async (stored) => {
      wasRead = true;
      const decided = await decide(place, stored, change, log);
      decisions = decided.decisions;
      return await carryOut(place, stored, decided, change, log);
    });
  } catch (error) {
    if (change.made !== undefined) await withdraw(place, change.made, wasRead, log);
    throw error;
  }
  return decisions;
}

/** What `changeStatus` would decide now; changes nothing. */
export async function rehearseChange<C extends { readonly key: string }>(
  place: CopyPlace,
  change: StatusChange<C>,
  log: Log,
): Promise<readonly Decision<C>[]> {
  return (await decide(place, await place.status.read(), change, log)).decisions;
}

interface Decided<C> {
  /** With the new copy, and with those that are to go. */
  readonly status: Status;
  readonly decisions: readonly Decision<C>[];
}

async function decide<C extends { readonly key: string }>(
  { destination, appendOnly }: CopyPlace,
  stored: StoredStatus,
  { enter, plan }: StatusChange<C>,
  log: Log,
): Promise<Decided<C>> {
  const status = enter?.(stored.status) ?? stored.status;
  const decisions = (await plan?.(status)) ?? [];
  const remove = appendOnly ? 'nothing is deleted there, else remove' : 'remove';
  for (const { copy, keep, reason } of decisions) {
    log.debug(
      `retention: ${keep ? 'keep' : remove} ${quoteLocation(destination.locate(copy.key))} (${reason})`,
    );
  }
  return { status, decisions };
}

async function carryOut<C extends { readonly key: string }>(
  place: CopyPlace,
  stored: StoredStatus,
  { status, decisions }: Decided<C>,
  { objectsOf }: StatusChange<C>,
  log: Log,
): Promise<StoredStatus | undefined> {
  const expired = decisions.filter((decision) => !decision.keep).map((decision) => decision.copy);
  const removed = place.appendOnly ? await findRemoved(expired, place, log) : expired;
  if (status === stored.status && removed.length === 0) return undefined;
  const keys = removed.map(({ key }) => key);
  const objects = place.appendOnly ? [] : await (objectsOf?.(removed) ?? keys);
  return {
    ...stored,
    status: place.format.withoutKeys(status, keys),
    deletions: [...stored.deletions, ...objects],
  };
}

/**
 * Where nothing is deleted, expired copies stay listed until somebody else has removed their objects, as by a rule of the bucket. Each
 * folder is listed once; one that cannot be removes nothing from the status.
 */
async function findRemoved<C extends { readonly key: string }>(
  expired: readonly C[],
  { destination, format }: CopyPlace,
  log: Log,
): Promise<C[]> {
  const folderOf = (key: string) => key.slice(0, key.lastIndexOf('/') + 1);
  const present = new Set<string>();
  try {
    for (const folder of new Set(expired.map(({ key }) => folderOf(key)))) {
      for await (const object of destination.list(folder)) present.add(format.keyOf(object.key));
    }
  } catch (error) {
    log.debug(`retention: which expired copies are gone cannot be told: ${describeError(error)}`);
    return [];
  }
  return expired.filter(({ key }) => !present.has(key));
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

/** Reads the statuses back at the end of a run: one without a common lock may have left out what this one has entered. */
export async function confirmEntries(places: CopyPlaces): Promise<void> {
  for (const { status } of listPlaces(places)) await status.confirm();
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
export async function finishDeletions({ destination, status, role, appendOnly }: CopyPlace): Promise<void> {
  // What was decided before is kept in mind: it is deleted when that is allowed again.
  if (appendOnly) return;
  const stored = await status.read();
  if (stored.deletions.length === 0) return;
  const done = new Set<string>();
  let cause: unknown;
  for (const key of stored.deletions) {
    try {
      await destination.delete(key);
      done.add(key);
    } catch (error) {
      cause ??= error;
    }
  }
  // Where nothing could be deleted, each run would write the same again.
  if (done.size > 0)
    await status.change((now) => ({ ...now, deletions: now.deletions.filter((key) => !done.has(key)) }));
  const left = stored.deletions.length - done.size;
  if (left === 0) return;
  throw new TwinDbError(`Cannot remove ${left} expired copies from ${destination.url}`, {
    cause,
    remedy: `Let this user delete there${role === 'destination' ? ', or set [retention] remote=off when nothing is to be deleted from this machine' : ''}. All copies that are to be kept are safe; each run tries again.`,
  });
}
