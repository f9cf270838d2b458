import { parseKey } from '../copies/key.ts';
import { byRunType, RUN_TYPES, type RunType } from '../copies/run-type.ts';
import { type Attributes, type Entries, isTime, mergeExtraAttributes, parseEntries } from './entries.ts';
import type { StatusContent } from './envelope.ts';
import { readNumber } from './read-number.ts';
import type { StatusFormat } from './status-format.ts';

/**
 * The content of a status of periodic copies: for each run type the attributes of each key. Never changed in place.
 * Members beside the run types are kept, though they don't show in the type.
 */
export type PeriodicStatus = Readonly<Record<RunType, Entries>>;

/** `status` with another section for each run type. */
export function mapSections(status: object, each: (runType: RunType) => Entries): PeriodicStatus {
  return { ...status, ...byRunType(each) };
}

/** A status without a copy. */
const EMPTY_STATUS: PeriodicStatus = mapSections({}, () => ({}));

function parsePeriodicStatus(content: StatusContent): PeriodicStatus {
  return mapSections(content, (runType) =>
    parseEntries(content[runType] ?? {}, `its section "${runType}" is not a list of copies`),
  );
}

/** Every key and its attributes. A key in the section of another run type than its own is no copy of that section. */
export function entriesOf(status: PeriodicStatus): [string, Attributes][] {
  return RUN_TYPES.flatMap((runType) =>
    Object.entries(status[runType]).filter(([key]) => (parseKey(key)?.runType ?? runType) === runType),
  );
}

function hasKey(status: PeriodicStatus, key: string): boolean {
  return RUN_TYPES.some((runType) => Object.hasOwn(status[runType], key));
}

export function withEntry(
  status: PeriodicStatus,
  runType: RunType,
  key: string,
  attributes: Attributes,
): PeriodicStatus {
  return { ...status, [runType]: { ...status[runType], [key]: attributes } };
}

export function withoutKeys(status: PeriodicStatus, keys: readonly string[]): PeriodicStatus {
  const gone = new Set(keys);
  const kept = (section: Entries) =>
    Object.fromEntries(Object.entries(section).filter(([key]) => !gone.has(key)));
  return mapSections(status, (runType) => kept(status[runType]));
}

/** A file that holds a periodic status as it is. */
export function periodicFormat({
  name,
  kind,
  signed,
}: Pick<StatusFormat<PeriodicStatus>, 'name' | 'kind' | 'signed'>): StatusFormat<PeriodicStatus> {
  return {
    name,
    kind,
    signed,
    signable: (attributes) => attributes,
    empty: EMPTY_STATUS,
    parse: parsePeriodicStatus,
    serialise: (status) => status,
    entries: entriesOf,
    mapEntries: (status, each) =>
      mapSections(status, (runType) =>
        Object.fromEntries(
          Object.entries(status[runType]).map(([key, attributes]) => [key, each(key, attributes)]),
        ),
      ),
    timeOf: ({ backup_started }) => (isTime(backup_started) ? backup_started : undefined),
    keyOf: (objectKey) => objectKey,
    withoutKeys,
    ownsObject: hasKey,
    withExtraAttributes: (status, other) =>
      mapSections({ ...other, ...status }, (runType) =>
        mergeExtraAttributes(status[runType], other[runType], ({ backup_started }) =>
          readNumber(backup_started),
        ),
      ),
  };
}
