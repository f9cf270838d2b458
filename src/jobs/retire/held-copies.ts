import { keepLocalKey } from '../../copies/keep-local-key.ts';
import { MEDIA, parseKey } from '../../copies/key.ts';
import type { Pin } from '../../copies/pin.ts';
import type { ObjectInfo } from '../../destinations/destination.ts';
import { pinOf } from '../../kinds/pin-field.ts';
import type { Attributes } from '../../status/entries.ts';
import type { JobContext } from '../job-context.ts';
import { openPlaces, type PlacesOfKinds } from '../record/open-places.ts';
import { type CopyPlace, listPlaces } from '../record/record-copy.ts';

/** A copy as one place has it: in its status, as objects, or both. */
export interface HeldCopy {
  readonly place: CopyPlace;
  /** As the status has it: that of a binary log is without the suffixes of the object. */
  readonly key: string;
  /** What the same copy is called in both places. */
  readonly identity: string;
  /** What its status says; undefined: the status does not list it. */
  readonly attributes: Attributes | undefined;
  readonly pin: Pin | undefined;
  /** None where the status lists what is not there. */
  readonly objects: readonly ObjectInfo[];
  /** The full path or URL of its object, or of where the status says that it is. */
  readonly location: string;
}

/** The copies of one host, and the statuses that list them. */
export interface HeldCopies {
  readonly places: PlacesOfKinds;
  readonly copies: readonly HeldCopy[];
}

/**
 * Everything that the statuses of a host list and that is in its folder, of every kind, keep-local first. Throws when a place cannot be
 * listed or a status cannot be read.
 */
export async function listHeld(host: string, context: JobContext): Promise<HeldCopies> {
  const places = await openPlaces({ ...context, host });
  const copies: HeldCopy[] = [];
  for (const role of ['local', 'destination'] as const) {
    if (context[role] === undefined) continue;
    const objects: ObjectInfo[] = [];
    for await (const object of context[role].list(`${host}/`, () => {})) objects.push(object);
    for (const media of MEDIA) {
      const place = listPlaces(places[media]).find((each) => each.role === role);
      if (place === undefined) continue;
      const ofKind = objects.filter(({ key }) => parseKey(key)?.media === media);
      copies.push(...(await joinEntries(place, ofKind)));
    }
  }
  return { places, copies };
}

async function joinEntries(place: CopyPlace, objects: readonly ObjectInfo[]): Promise<HeldCopy[]> {
  const { format, status, destination } = place;
  const entries = new Map(format.entries((await status.read()).status));
  const byKey = new Map<string, ObjectInfo[]>();
  for (const object of objects) {
    const key = format.keyOf(object.key);
    byKey.set(key, [...(byKey.get(key) ?? []), object]);
  }
  return [...new Set([...entries.keys(), ...byKey.keys()])].toSorted().map((key) => {
    const [attributes, found = []] = [entries.get(key), byKey.get(key)];
    return {
      place,
      key,
      identity: identityOf(place, key),
      attributes,
      pin: attributes && pinOf(attributes),
      objects: found,
      location: destination.locate(found[0]?.key ?? key),
    };
  });
}

/** What a copy is called in both places, by a key that it or its object has in one of them. */
export function identityOf({ format }: Pick<CopyPlace, 'format'>, key: string): string {
  return keepLocalKey(format.keyOf(key));
}

/** Bytes of its objects. */
export function sizeOf({ objects }: Pick<HeldCopy, 'objects'>): number {
  return objects.reduce((sum, { size }) => sum + size, 0);
}
