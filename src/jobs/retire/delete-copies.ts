import { MEDIA } from '../../copies/key.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import { pinOf } from '../../kinds/pin-field.ts';
import type { StoredMark } from '../../lock/stored-record.ts';
import type { Status } from '../../status/entries.ts';
import { requireDistinctPlaces } from '../backup/distinct-places.ts';
import type { JobContext } from '../job-context.ts';
import { forgetStored } from '../record/lost-copies.ts';
import { type CopyPlace, changeStatus, confirmEntries, finishAllDeletions } from '../record/record-copy.ts';
import { type HeldCopies, type HeldCopy, identityOf } from './held-copies.ts';
import { findObstacles, isAmong, type Linked } from './obstacles.ts';
import { copiesIn, type Deletion, placesOf, planDeletion, refused, type Selection } from './plan-deletion.ts';

/**
 * Deletes what was shown before, below the lock of the runs, in the order of every deletion: the statuses without the copies, with what is
 * to be deleted; then the objects; then the statuses once more. Where it is interrupted, the next run, prune or delete goes on with that.
 * Throws a TwinDbError, before anything is changed, when more would be deleted by now than was shown.
 */
export async function deleteCopies(
  selection: Selection,
  shown: readonly HeldCopy[],
  locked: JobContext,
): Promise<Deletion> {
  const deletion = await planDeletion(selection, locked);
  const { held, copies } = deletion;
  const unexpected = copies.find((copy) => !isAmong(copy, shown));
  if (unexpected !== undefined) {
    throw new TwinDbError(`Nothing was deleted: ${quoteLocation(unexpected.location)} has come meanwhile`, {
      remedy: 'Look at it, and give the command again.',
    });
  }
  await requireDistinctPlaces(locked, 'deleted');
  // Before anything is missing: were it to end in between, what is deleted later would be taken for lost.
  await forgetDeleted(held, copies, { ...locked, host: selection.host });
  for (const place of placesOf(copies)) {
    const listed = copiesIn(place, copies).filter(({ attributes }) => attributes !== undefined);
    if (listed.length > 0) await takeOut(place, listed, copies, locked);
  }
  for (const { place, objects, attributes } of copies) {
    // Nothing but the object says that there is such a copy.
    if (attributes === undefined) for (const { key } of objects) await place.destination.delete(key);
  }
  const kinds = MEDIA.filter((media) => copies.some(({ place }) => place.format.kind === media));
  for (const media of kinds) await finishAllDeletions(held.places[media]);
  for (const media of kinds) await confirmEntries(held.places[media]);
  return deletion;
}

/** Takes copies out of a status, and orders their objects to be deleted. Whether they may go is asked of the status that is there. */
async function takeOut(
  place: CopyPlace,
  listed: readonly HeldCopy[],
  chosen: readonly HeldCopy[],
  { log }: JobContext,
): Promise<void> {
  const objectsOf = new Map(listed.map((copy) => [copy.key, objectKeysOf(copy)]));
  await changeStatus(
    place,
    {
      plan(status) {
        const now = linkedIn(place, status);
        const going = now.filter((copy) => isAmong(copy, listed));
        const obstacles = findObstacles(
          going,
          now.filter((copy) => !isAmong(copy, chosen)),
        );
        if (obstacles.length > 0) throw refused(obstacles);
        return going.map(({ key }) => ({ copy: { key }, keep: false, reason: 'to be deleted by hand' }));
      },
      objectsOf: async (copies) => copies.flatMap(({ key }) => objectsOf.get(key) ?? []),
    },
    log,
  );
}

/** What is in a folder that may not be entered is not seen. The status has its key all the same, but for the suffixes of a binary log. */
function objectKeysOf({ place, key, objects }: HeldCopy): string[] {
  if (objects.length === 0 && place.format.kind !== 'binlog') return [key];
  return objects.map((object) => object.key);
}

function linkedIn(place: CopyPlace, status: Status): Linked[] {
  return place.format.entries(status).map(([key, attributes]) => ({
    place,
    key,
    identity: identityOf(place, key),
    attributes,
    pin: pinOf(attributes),
    location: place.destination.locate(key),
  }));
}

/** No later run must take what is deleted for lost. */
async function forgetDeleted(
  { copies: all }: HeldCopies,
  copies: readonly HeldCopy[],
  context: JobContext,
): Promise<void> {
  const ofDestination = (each: readonly HeldCopy[]) =>
    each.filter(({ place }) => place.role === 'destination');
  const deleted = new Set(ofDestination(copies).flatMap(({ objects }) => objects.map(({ key }) => key)));
  const left = ofDestination(all).flatMap((copy): StoredMark[] => {
    const { format } = copy.place;
    const started = copy.attributes && format.timeOf(copy.attributes);
    const [object] = copy.objects;
    const isLeft = format.kind !== 'binlog' && !isAmong(copy, copies);
    return isLeft && object !== undefined && started !== undefined ? [{ key: object.key, started }] : [];
  });
  await forgetStored(deleted, left, context);
}
