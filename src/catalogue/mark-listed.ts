import { forEachAtOnce, MOST_AT_ONCE } from '../at-once.ts';
import type { FoundCopy } from '../kinds/found-copy.ts';
import { openKind } from '../kinds/kinds.ts';
import type { Attributes } from '../status/entries.ts';
import type { Catalogue } from './catalogue.ts';

/** A copy and what the status says of it. */
export interface MarkedCopy extends FoundCopy {
  /** Whether the status lists it; undefined where that is not known. */
  readonly listed: boolean | undefined;
  readonly attributes: Attributes | undefined;
}

interface MarkedCopies {
  readonly copies: readonly MarkedCopy[];
  /** Why a status could not be read, of each that could not. */
  readonly failures: readonly unknown[];
}

/**
 * Looks each copy up in the status of its kind, host and place, of which several are read at once. A status that cannot be read keeps nobody from the
 * others.
 */
export async function markListed(found: readonly FoundCopy[], { status }: Catalogue): Promise<MarkedCopies> {
  const statuses = new Map(
    found.map((copy) => [[copy.place, copy.parsed.media, copy.parsed.host].join('/'), copy]),
  );
  await forEachAtOnce(statuses.values(), MOST_AT_ONCE, async ({ place, parsed }) =>
    status(place, parsed.host, await openKind(parsed.media)),
  );
  const failures = new Set<unknown>();
  const copies: MarkedCopy[] = [];
  for (const copy of found) {
    const { failure, attributesOf } = await status(
      copy.place,
      copy.parsed.host,
      await openKind(copy.parsed.media),
    );
    if (failure !== undefined) failures.add(failure);
    const attributes = attributesOf(copy);
    copies.push({
      ...copy,
      listed: failure === undefined ? attributes !== undefined : undefined,
      attributes,
    });
  }
  return { copies, failures: [...failures] };
}
