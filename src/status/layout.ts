import { type Media, parseKey } from '../copies/key.ts';
import { RUN_TYPES, type RunType } from '../copies/run-type.ts';
import { KINDS } from '../kinds/kinds.ts';
import { type Attributes, type Entries, parseEntries, type Status } from './entries.ts';
import type { StatusContent } from './envelope.ts';

/** Where in a status its entries are. */
export interface Layout {
  /** A status without a copy. */
  readonly empty: Status;
  /** Throws a StatusDamagedError when the content has another shape. */
  parse(content: StatusContent): Status;
  /** The lists of entries, each with the run type whose section it is. */
  lists(status: Status): (readonly [RunType | undefined, Entries])[];
  /** `status` with other lists. */
  map(status: Status, each: (entries: Entries) => Entries): Status;
  /** `status` with each list combined with that of `other`. */
  combine(status: Status, other: Status, each: (entries: Entries, others: Entries) => Entries): Status;
  /** `status` with an entry, which a layout with sections puts in that of the run type. */
  withEntry(status: Status, runType: RunType | undefined, key: string, attributes: Attributes): Status;
}

/** A section for each run type, as the Python tool needs them. Members beside them are kept. */
export const PERIODIC: Layout = {
  empty: mapSections({}, () => ({})),
  parse: (content) =>
    mapSections(content, (runType) =>
      parseEntries(content[runType] ?? {}, `its section "${runType}" is not a list of copies`),
    ),
  lists: (status) => RUN_TYPES.map((runType) => [runType, sectionOf(status, runType)]),
  map: (status, each) => mapSections(status, (runType) => each(sectionOf(status, runType))),
  combine: (status, other, each) =>
    mapSections({ ...other, ...status }, (runType) =>
      each(sectionOf(status, runType), sectionOf(other, runType)),
    ),
  withEntry,
};

/** The entries themselves, without sections; `what` they are is for the error. */
function flatLayout(what: string): Layout {
  return {
    empty: {},
    parse: (content) => parseEntries(content, `it is not a list of ${what}`),
    lists: (status) => [[undefined, status]],
    map: (status, each) => each(status),
    combine: (status, other, each) => each(status, other),
    withEntry: (status, _runType, key, attributes) => ({ ...status, [key]: attributes }),
  };
}

/** A status has sections where the copies are below run types. */
export function layoutOf(media: Media): Layout {
  return KINDS[media].isPeriodic ? PERIODIC : flatLayout(`${media} copies`);
}

function mapSections(status: object, each: (runType: RunType) => Entries): Status {
  return { ...status, ...Object.fromEntries(RUN_TYPES.map((runType) => [runType, each(runType)])) };
}

/** `parse` has looked at it. */
function sectionOf(status: Status, runType: RunType): Entries {
  return status[runType] as Entries;
}

/** A periodic status with an entry. */
export function withEntry(
  status: Status,
  runType: RunType | undefined,
  key: string,
  attributes: Attributes,
): Status {
  if (runType === undefined) return status;
  return { ...status, [runType]: { ...status[runType], [key]: attributes } };
}

/** Every key and its attributes. A key in the section of another run type than its own is no copy of that section. */
export function entriesOf(status: Status, layout: Layout = PERIODIC): [string, Attributes][] {
  return layout
    .lists(status)
    .flatMap(([runType, entries]) =>
      Object.entries(entries).filter(
        ([key]) => runType === undefined || (parseKey(key)?.runType ?? runType) === runType,
      ),
    );
}
