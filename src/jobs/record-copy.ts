import type { FileCopy } from '../copies/file-copy.ts';
import type { Destination } from '../destinations/destination.ts';
import { describeError, TwinDbError } from '../errors.ts';
import type { Log } from '../log.ts';
import { planRetention } from '../retention/plan.ts';
import { fileCopies, toAttributes } from '../status/files-status.ts';
import { hasKey, withEntry, withoutKeys } from '../status/periodic-status.ts';
import type { StatusStore } from '../status/status-store.ts';

/** One of the places that keep copies: the destination, or keep_local_path. */
export interface CopyPlace {
  readonly destination: Destination;
  readonly status: StatusStore;
  /** Whether the newest copy stays whatever the retention says. */
  readonly alwaysKeepNewest: boolean;
}

/**
 * Enters a stored copy in the status and decides by the retention which copies of the same directory and run type go;
 * `finishDeletions` removes them. The order makes every crash harmless: object (there already), status, deletions.
 * When the copy could not be entered, its object is removed again: nothing would ever expire it.
 */
export async function recordFileCopy(
  place: CopyPlace,
  copy: FileCopy,
  count: number,
  log: Log,
): Promise<void> {
  try {
    await enter(place, copy, count, log);
  } catch (error) {
    await withdraw(place, copy, log);
    throw error;
  }
}

async function enter(place: CopyPlace, copy: FileCopy, count: number, log: Log): Promise<void> {
  const stored = await place.status.read();
  const status = withEntry(stored.status, copy.runType, copy.key, toAttributes(copy));
  const peers = fileCopies(status).filter((other) => isPeer(copy, other));
  const { alwaysKeepNewest } = place;
  const plan = planRetention(peers, { count, alwaysKeepNewest, justMade: copy.key });
  for (const { copy: peer, keep, reason } of plan) {
    log.debug(`retention: ${keep ? 'keep' : 'remove'} ${place.destination.locate(peer.key)} (${reason})`);
  }
  const removed = plan.filter((decision) => !decision.keep).map((decision) => decision.copy.key);
  await place.status.write({
    status: withoutKeys(status, removed),
    deletions: [...stored.deletions, ...removed],
  });
}

function isPeer(copy: FileCopy, other: FileCopy): boolean {
  return other.host === copy.host && other.runType === copy.runType && other.sourcePath === copy.sourcePath;
}

/** An answer may have been lost, so the status itself tells whether it lists the copy. */
async function withdraw({ destination, status }: CopyPlace, { key }: FileCopy, log: Log): Promise<void> {
  try {
    if (!hasKey((await status.read()).status, key)) await destination.delete(key);
  } catch (error) {
    // The failure that led here is the one to report; this one must not hide it.
    log.warn(`The copy ${destination.locate(key)} may remain without an entry: ${describeError(error)}`);
  }
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
  await status.write({ status: stored.status, deletions: remaining });
  if (remaining.length === 0) return;
  throw new TwinDbError(`Cannot remove ${remaining.length} expired copies from ${destination.url}`, {
    cause,
    remedy: 'Let this user delete there. All copies that are to be kept are safe; each run tries again.',
  });
}
