import { RUN_TYPES, type RunType } from '../copies/run-type.ts';
import { type Attributes, type Entries, mergeExtraAttributes, parseEntries } from './entries.ts';
import type { StatusContent } from './envelope.ts';
import type { StatusFormat } from './status-format.ts';

/**
 * The content of a status of periodic copies: for each run type the attributes of each key. Never changed in place.
 * Members beside the run types are kept, though they don't show in the type.
 */
export type PeriodicStatus = Readonly<Record<RunType, Entries>>;

/** `status` with another section for each run type. */
export function mapSections(status: object, each: (runType: RunType) => Entries): PeriodicStatus {
  const sections = RUN_TYPES.map((runType) => [runType, each(runType)] as const);
  return { ...status, ...Object.fromEntries(sections) } as PeriodicStatus;
}

/** A status without a copy. */
const EMPTY_STATUS: PeriodicStatus = mapSections({}, () => ({}));

function parsePeriodicStatus(content: StatusContent): PeriodicStatus {
  return mapSections(content, (runType) =>
    parseEntries(content[runType] ?? {}, `its section "${runType}" is not a list of copies`),
  );
}

/** Every key and its attributes. */
export function entriesOf(status: PeriodicStatus): [string, Attributes][] {
  return RUN_TYPES.flatMap((runType) => Object.entries(status[runType]));
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
export function periodicFormat(name: string): StatusFormat<PeriodicStatus> {
  return {
    name,
    empty: EMPTY_STATUS,
    parse: parsePeriodicStatus,
    serialise: (status) => status,
    keysOf: (status) => entriesOf(status).map(([key]) => key),
    withoutKeys,
    ownsObject: hasKey,
    withExtraAttributes: (status, other) =>
      mapSections({ ...other, ...status }, (runType) =>
        mergeExtraAttributes(status[runType], other[runType], ({ backup_started }) => backup_started),
      ),
  };
}
