import type { Media } from '../copies/key.ts';
import type { Attributes } from './entries.ts';
import type { StatusContent } from './envelope.ts';

/** What the store needs to know of one kind of status; `S` is its decoded value, which is never changed in place. */
export interface StatusFormat<S> {
  /** The name of the file, below the host's folder. */
  readonly name: string;
  /** What it lists copies of. */
  readonly kind: Media;
  /** The attributes on which a restore relies: what a `mac` covers (docs/security.md). The order is part of it; add at the end. */
  readonly signed: readonly string[];
  /** The attributes in the form in which they are signed: what a save of the Python tool changes without changing its sense. */
  signable(attributes: Attributes): Attributes;
  /** A status without a copy. */
  readonly empty: S;
  /** Throws a StatusDamagedError when the content has another shape. Keeps what it does not know. */
  parse(content: StatusContent): S;
  /** The content as it is to be stored. Where the Python tool reads the file too, it can read this. */
  serialise(status: S): StatusContent;
  /** Every key and its attributes. */
  entries(status: S): (readonly [string, Attributes])[];
  /** `status` with other attributes for each copy. */
  mapEntries(status: S, each: (key: string, attributes: Attributes) => Attributes): S;
  /** When a copy was made, in seconds since the epoch, as its attributes tell; undefined where they don't. */
  timeOf(attributes: Attributes): number | undefined;
  /** The key under which the copy stands that an object holds. */
  keyOf(objectKey: string): string;
  /** `status` without the copies of these keys. */
  withoutKeys(status: S, keys: readonly string[]): S;
  /** Whether the object under this key belongs to a copy that the status lists. */
  ownsObject(status: S, objectKey: string): boolean;
  /** `status` with the attributes that only `other` knows, for the copies both have. */
  withExtraAttributes(status: S, other: S): S;
}
