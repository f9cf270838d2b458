import { TwinDbError } from '../../errors.ts';
import type { JobContext } from '../job-context.ts';
import type { CopyPlace, CopyPlaces } from '../record/record-copy.ts';
import { removeLocalCopy, type StoredCopy, type StoredObject } from './store-copy.ts';

/**
 * Enters a stored copy in the status of each place that has it, the destination's first; `record` does it for one of
 * them. A copy that cannot be entered there is no copy: then the local one goes as well. Where only the local one cannot be
 * entered, the TwinDbError says that the other one is safe.
 */
export async function recordStored<S>(
  stored: StoredCopy,
  places: CopyPlaces<S>,
  record: (place: CopyPlace<S>, object: StoredObject) => Promise<void>,
  context: JobContext,
): Promise<void> {
  try {
    await record(places.remote, stored.atDestination);
  } catch (error) {
    if (stored.local) await removeLocalCopy(context, stored.local.key);
    throw error;
  }
  if (places.local === undefined || stored.local === undefined) return;
  try {
    await record(places.local, stored.local);
  } catch (cause) {
    const copy = context.destination.locate(stored.atDestination.key);
    throw new TwinDbError(`${copy} is safe, but its copy in keep_local_path could not be recorded`, {
      cause,
    });
  }
}
