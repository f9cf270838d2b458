import { createHash } from 'node:crypto';

/** How many of the copies are read in one day: one of so many parts, or so many. */
export type Sample = { readonly parts: number } | { readonly count: number };

const DAY_MS = 86_400_000;
const WEEK = 7;

/**
 * Those of the copies that are to be read on a day, in UTC. Not chance decides but the day: the copies are put in the order of the hashes
 * of their names, so that old and new ones, large and small ones mix, and cut into parts; the next day takes the next part. So all are read
 * within as many days as there are parts, or as many weeks where it runs once a week, as far as they are kept so long. Two
 * runs on one day read the same.
 */
export function chooseSample(names: readonly string[], sample: Sample, now: Date): ReadonlySet<string> {
  const wanted = 'parts' in sample ? sample.parts : Math.ceil(names.length / sample.count);
  const atMost = Math.max(1, Math.min(wanted, names.length));
  // Once a week the same part would come again for ever where 7 divides their number.
  const parts = atMost % WEEK === 0 ? atMost - 1 : atMost;
  const part = Math.floor(now.getTime() / DAY_MS) % parts;
  const mixed = names
    .map((name) => ({ name, hash: createHash('sha256').update(name).digest('hex') }))
    .toSorted((a, b) => (a.hash < b.hash ? -1 : 1));
  const isIn = (rank: number) => Math.floor((rank * parts) / names.length) === part;
  return new Set(mixed.filter((_, rank) => isIn(rank)).map(({ name }) => name));
}
