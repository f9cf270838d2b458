import { quoteLocation } from '../../copies/quote-location.ts';
import { type HeldCopy, identityOf } from './held-copies.ts';

/** What the rules need to know of a copy in one place. */
export type Linked = Pick<HeldCopy, 'place' | 'key' | 'identity' | 'attributes' | 'pin' | 'location'>;

/**
 * The listed incremental copies that nothing could restore without the `chosen` ones, those themselves left out. What the destination has
 * is continued by copies in both places, as local ones may have their full copy there only; what is in keep_local_path by those in
 * there.
 */
export function findContinuing<C extends Linked>(chosen: readonly Linked[], all: readonly C[]): C[] {
  const found = new Set<C>();
  for (let size = -1; size < found.size; ) {
    size = found.size;
    const removed = [...chosen, ...found];
    for (const copy of all) if (!isAmong(copy, removed) && continuesOne(copy, removed)) found.add(copy);
  }
  return [...found];
}

/** Why the chosen copies must not be deleted, a line each; `all` are those that the statuses list now. */
export function findObstacles(chosen: readonly Linked[], all: readonly Linked[]): string[] {
  const pinned = chosen.filter(({ pin }) => pin !== undefined);
  return [
    ...pinned.map(
      ({ location, pin }) =>
        `${quoteLocation(location)} is pinned${describeReason(pin)}: twindb-backup unpin takes that back`,
    ),
    ...findContinuing(chosen, all).map(
      ({ location, attributes }) =>
        `${quoteLocation(location)} continues ${quoteLocation(String(attributes?.['parent']))}: name it too, or give --with-incrementals`,
    ),
  ];
}

/** Whether one of these is this copy, in the same place. */
export function isAmong({ place, identity }: Linked, copies: readonly Linked[]): boolean {
  return copies.some((each) => each.identity === identity && each.place.role === place.role);
}

function continuesOne({ place, attributes }: Linked, removed: readonly Linked[]): boolean {
  const { type, parent } = attributes ?? {};
  if (type === 'full' || typeof parent !== 'string') return false;
  const identity = identityOf(place, parent);
  return removed.some(
    (each) => each.identity === identity && (each.place.role === 'destination' || place.role === 'local'),
  );
}

/** Why a copy was pinned, in brackets, where that was said. */
export function describeReason(pin: HeldCopy['pin']): string {
  return pin?.reason === undefined ? '' : ` (${quoteLocation(pin.reason)})`;
}
