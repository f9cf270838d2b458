import { entriesOf } from '../../status/layout.ts';
import type { StoredStatus } from '../../status/status-store.ts';
import type { CopyPlaces } from '../record/record-copy.ts';

/**
 * What the statuses of every place say, to find a key that no copy has or had: one whose deletion is pending is carried out by a
 * later run. Throws when the destination's cannot be read; a local one that cannot is reported when the copy is recorded there.
 */
export async function readAll({ destination, local }: CopyPlaces): Promise<StoredStatus[]> {
  const kept = await local?.status.read().catch(() => undefined);
  return [await destination.status.read(), ...(kept ? [kept] : [])];
}

/** The keys that a new copy must not have. */
export async function takenKeys(places: CopyPlaces): Promise<string[]> {
  const stored = await readAll(places);
  return stored.flatMap(({ status, deletions }) => [...entriesOf(status).map(([key]) => key), ...deletions]);
}

/**
 * The start time for a copy's name. Local time repeats an hour when summer ends, and a copy must not take the name of an
 * older one, so the seconds go on until the name is free. `keyAt` makes the key before the suffixes.
 */
export function unusedStart(keys: readonly string[], keyAt: (start: Date) => string, now: Date): Date {
  let start = now;
  const isTaken = (key: string) => keys.some((other) => other.startsWith(key));
  while (isTaken(keyAt(start))) start = new Date(start.getTime() + 1000);
  return start;
}
