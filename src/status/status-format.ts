import type { Media } from '../copies/key.ts';
import { type Attributes, type Entries, mergeExtraAttributes, type Status } from './entries.ts';
import type { StatusContent } from './envelope.ts';
import { entriesOf, type Layout, layoutOf } from './layout.ts';

/** What the store needs to know of one kind of status. */
export interface StatusFormat {
  /** The name of the file, below the host's folder. */
  readonly name: string;
  /** What it lists copies of. */
  readonly kind: Media;
  readonly layout: Layout;
  /** The attributes on which a restore relies: what a `mac` covers (docs/security.md). The order is part of it; add at the end. */
  readonly signed: readonly string[];
  /** The attributes in the form in which they are signed: what a save of the Python tool changes without changing its sense. */
  signable(attributes: Attributes): Attributes;
  /** A status without a copy. */
  readonly empty: Status;
  /** Throws a StatusDamagedError when the content has another shape. Keeps what it does not know. */
  parse(content: StatusContent): Status;
  /** The content as it is to be stored. Where the Python tool reads the file too, it can read this. */
  serialise(status: Status): StatusContent;
  /** Every key and its attributes. */
  entries(status: Status): (readonly [string, Attributes])[];
  /** `status` with other attributes for each copy. */
  mapEntries(status: Status, each: (key: string, attributes: Attributes) => Attributes): Status;
  /** When a copy was made, in seconds since the epoch, as its attributes tell; undefined where they don't. */
  timeOf(attributes: Attributes): number | undefined;
  /** The key under which the copy stands that an object holds. */
  keyOf(objectKey: string): string;
  /** `status` without the copies of these keys. */
  withoutKeys(status: Status, keys: readonly string[]): Status;
  /** Whether the object under this key belongs to a copy that the status lists. */
  ownsObject(status: Status, objectKey: string): boolean;
  /** `status` with the attributes that only `other` knows, for the copies both have. */
  withExtraAttributes(status: Status, other: Status): Status;
}

interface FormatOptions extends Pick<StatusFormat, 'name' | 'kind' | 'signed' | 'timeOf'> {
  /** What tells a copy from a later one under the same key; the time by default. */
  readonly identityOf?: (attributes: Attributes) => unknown;
  /** The form in which an entry is stored; as it is by default. */
  readonly store?: (key: string, attributes: Attributes) => Attributes;
  readonly signable?: StatusFormat['signable'];
  readonly keyOf?: StatusFormat['keyOf'];
}

/** What all formats do in the same way, wherever their layout has the entries. */
export function statusFormat({
  store,
  identityOf,
  signable = (attributes) => attributes,
  keyOf = (objectKey) => objectKey,
  ...format
}: FormatOptions): StatusFormat {
  const layout = layoutOf(format.kind);
  const tell = identityOf ?? ((attributes: Attributes) => format.timeOf(attributes));
  const mapEntries: StatusFormat['mapEntries'] = (status, each) =>
    layout.map(status, (entries) =>
      Object.fromEntries(Object.entries(entries).map(([key, attributes]) => [key, each(key, attributes)])),
    );
  return {
    ...format,
    layout,
    signable,
    empty: layout.empty,
    parse: (content) => layout.parse(content),
    serialise: (status) => (store === undefined ? status : mapEntries(status, store)),
    entries: (status) => entriesOf(status, layout),
    mapEntries,
    keyOf,
    withoutKeys(status, keys) {
      const gone = new Set(keys);
      return layout.map(status, (entries) => without(entries, gone));
    },
    ownsObject: (status, objectKey) =>
      layout.lists(status).some(([, entries]) => Object.hasOwn(entries, keyOf(objectKey))),
    withExtraAttributes: (status, other) =>
      layout.combine(status, other, (entries, others) => mergeExtraAttributes(entries, others, tell)),
  };
}

function without(entries: Entries, keys: ReadonlySet<string>): Entries {
  return Object.fromEntries(Object.entries(entries).filter(([key]) => !keys.has(key)));
}
