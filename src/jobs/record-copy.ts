import type { FileCopy } from '../copies/file-copy.ts';
import type { Destination } from '../destinations/destination.ts';
import { TwinDbError } from '../errors.ts';
import type { Log } from '../log.ts';
import { planRetention } from '../retention/plan.ts';
import { fileCopies, toAttributes } from '../status/files-status.ts';
import { withEntry, withoutKeys } from '../status/periodic-status.ts';
import type { StatusStore } from '../status/status-store.ts';

/** One of the places that keep copies: the destination, or keep_local_path. */
export interface CopyPlace {
  readonly destination: Destination;
  readonly status: StatusStore;
  /** Whether the newest copy stays whatever the retention says. */
  readonly alwaysKeepNewest: boolean;
}

/**
 * Enters a stored copy in the status and applies retention to the copies of the same directory and run type. The order
 * makes every crash harmless: object (there already), status, deletions. What is left of the deletions is finished by
 * `finishDeletions` of the next run.
 */
export async function recordFileCopy(
  place: CopyPlace,
  copy: FileCopy,
  count: number,
  log: Log,
): Promise<void> {
  const stored = await place.status.read();
  const status = withEntry(stored.status, copy.runType, copy.key, toAttributes(copy));
  const peers = fileCopies(status).filter((other) => isPeer(copy, other));
  const plan = planRetention(peers, { count, alwaysKeepNewest: place.alwaysKeepNewest });
  for (const { copy: peer, keep, reason } of plan) {
    log.debug(`retention: ${keep ? 'keep' : 'remove'} ${place.destination.locate(peer.key)} (${reason})`);
  }
  const removed = plan.filter((decision) => !decision.keep).map((decision) => decision.copy.key);
  await place.status.write({
    status: withoutKeys(status, removed),
    deletions: [...stored.deletions, ...removed],
  });
  await finishDeletions(place);
}

function isPeer(copy: FileCopy, other: FileCopy): boolean {
  return other.host === copy.host && other.runType === copy.runType && other.sourcePath === copy.sourcePath;
}

/** Carries out the deletions that the status has recorded, also those of a run that was interrupted. */
export async function finishDeletions({ destination, status }: CopyPlace): Promise<void> {
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
