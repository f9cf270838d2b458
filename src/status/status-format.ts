import type { StatusContent } from './envelope.ts';

/** What the store needs to know of one kind of status; `S` is its decoded value, which is never changed in place. */
export interface StatusFormat<S> {
  /** The name of the file, below the host's folder. */
  readonly name: string;
  /** A status without a copy. */
  readonly empty: S;
  /** Throws a StatusDamagedError when the content has another shape. Keeps what it does not know. */
  parse(content: StatusContent): S;
  /** The content as it is to be stored. Where the Python tool reads the file too, it can read this. */
  serialise(status: S): StatusContent;
  /** The keys of all copies that are listed. */
  keysOf(status: S): string[];
  /** `status` without the copies of these keys. */
  withoutKeys(status: S, keys: readonly string[]): S;
  /** Whether the object under this key belongs to a copy that the status lists. */
  ownsObject(status: S, objectKey: string): boolean;
  /** `status` with the attributes that only `other` knows, for the copies both have. */
  withExtraAttributes(status: S, other: S): S;
}
