import { keepLocalKey } from '../../copies/keep-local-key.ts';
import type { Part } from '../../exporters/report.ts';
import type { Kind, RecordedCopy } from '../../kinds/kind.ts';
import { backupChain } from '../../modifiers/chain.ts';
import type { JobContext } from '../job-context.ts';
import {
  type CopyPlace,
  type CopyPlaces,
  entering,
  listPlaces,
  rehearseChange,
  type StatusChange,
} from '../record/record-copy.ts';
import { inPlace, type PlaceDecision } from '../record/retention-decisions.ts';

/** Where a copy would be stored. */
export interface PlannedObject {
  readonly role: CopyPlace['role'];
  readonly key: string;
  readonly location: string;
}

/** What a part of a run would do. */
export interface PlannedPart extends Part {
  /** `complete` of a directory, `logs` of binary logs. */
  readonly copyType: 'complete' | 'full' | 'incremental' | 'logs';
  /** Why it is of that type. */
  readonly reason: string;
  /** Bytes that it would take as it is stored, by the last copy of this kind; undefined: there is none. */
  readonly expectedSize: number | undefined;
  /** Bytes that its source has now; undefined: not known without reading it. */
  readonly sourceSize: number | undefined;
  readonly objects: readonly PlannedObject[];
  /** What retention would decide then. */
  readonly decisions: readonly PlaceDecision[];
}

/** The keys that a copy gets whose key is `stem` before the suffixes, in each place. */
export function planObjects(
  stem: string,
  places: CopyPlaces,
  { config, cores }: JobContext,
): PlannedObject[] {
  const key = [stem, ...backupChain(config, cores).map(({ suffix }) => suffix)].join('');
  return listPlaces(places).map(({ role, destination }) => {
    const own = role === 'local' ? keepLocalKey(key) : key;
    return { role, key: own, location: destination.locate(own) };
  });
}

/** What retention would decide about the copies that are there, in each place, once this one was made. */
export async function rehearseRetention<C extends RecordedCopy & { readonly size?: number | undefined }>(
  kind: Kind<C>,
  describe: (object: PlannedObject) => C,
  objects: readonly PlannedObject[],
  places: CopyPlaces,
  { log }: Pick<JobContext, 'log'>,
): Promise<PlaceDecision[]> {
  const found: PlaceDecision[] = [];
  for (const place of listPlaces(places).map(unsigned)) {
    const object = objects.find(({ role }) => role === place.role);
    if (object !== undefined)
      found.push(...(await rehearse(place, entering(place, kind, describe(object), { log }), [object], log)));
  }
  return found;
}

/** The decisions of a change, but for those about what it would add. */
export async function rehearse<C extends { readonly key: string; readonly size?: number | undefined }>(
  place: CopyPlace,
  change: StatusChange<C>,
  added: readonly Pick<PlannedObject, 'key'>[],
  log: JobContext['log'],
): Promise<PlaceDecision[]> {
  const isAdded = (key: string) => added.some((each) => place.format.keyOf(each.key) === key);
  const decisions = await rehearseChange(place, change, log);
  return inPlace(
    place,
    decisions.filter(({ copy }) => !isAdded(copy.key)),
  );
}

/** What is entered for a rehearsal is no copy: nobody answers for it. */
export function unsigned(place: CopyPlace): CopyPlace {
  return { ...place, sign: (_key, attributes) => attributes };
}
