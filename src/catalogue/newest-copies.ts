import type { Kind, RecordedCopy } from '../kinds/kind.ts';
import { compareNewestFirst } from '../retention/newest-first.ts';
import { tellApart } from '../retention/own-copies.ts';
import { toSeconds } from '../units.ts';
import type { Catalogue } from './catalogue.ts';

/** Instead of a copy: the newest one that the statuses of a host list. */
export const LATEST = 'latest';

/**
 * The copies of a host that its statuses list, at the destination and below keep_local_path, in the order of retention at `now`: the newest first. A
 * copy in both places is there twice. Of this host those of other machines of its name are left out. Throws what made reading a status fail.
 */
export async function listNewestFirst<C extends RecordedCopy>(
  host: string,
  kind: Kind<C>,
  catalogue: Catalogue,
  now: Date,
): Promise<C[]> {
  const { context } = catalogue;
  const places = context.local === undefined ? DESTINATION : BOTH;
  // Each status counts its own serials, so writers are told apart in one at a time.
  const ownOf = (copies: readonly C[]) =>
    host === context.host ? tellApart(copies, { machineId: context.machineId() }).ours : copies;
  const own: C[] = [];
  for (const place of places) {
    const status = await catalogue.status(place, host, kind);
    if (status.failure !== undefined) throw status.failure as Error;
    own.push(...ownOf(status.copies));
  }
  const compare = compareNewestFirst(toSeconds(now));
  return own.filter((copy) => copy.host === host).toSorted((a, b) => compare(kind.dated(a), kind.dated(b)));
}

const DESTINATION = ['destination'] as const;
const BOTH = ['destination', 'local'] as const;
