import type { Writable } from 'node:stream';
import type { ParsedKey } from '../copies/key.ts';
import type { ObjectInfo } from '../destinations/destination.ts';
import type { Digest } from '../pipeline/digest.ts';
import type { Stage } from '../pipeline/run-pipeline.ts';
import type { Attributes, Status } from '../status/entries.ts';
import type { RecordedCopy, Role } from './kind.ts';

/** A copy to examine: an object in one of the places. */
export interface ExaminedObject {
  readonly place: Role;
  readonly object: ObjectInfo;
  readonly parsed: ParsedKey;
  /** The full path or URL that `ls` prints. */
  readonly location: string;
}

/** What a copy may be continued by, or continue. */
export interface Surroundings {
  /** The status that the destination has of copies of this kind. */
  readonly readDestination: () => Promise<Status>;
  /** Whether a copy that a status lists is there. */
  readonly isThere: (key: string) => boolean;
}

/**
 * What a copy is that has been read to its end and is complete, besides those that a status lists. Throws a TwinDbError with the reason
 * when something that the status must have is not known.
 */
export type Examined<C extends RecordedCopy = RecordedCopy> = (status: Status) => C;

/** How one copy is examined. */
export interface Examination<C extends RecordedCopy = RecordedCopy> {
  /** The last stages of reading it to its end: they get what the copy was made from, and fail when it is not complete. */
  readonly stages: readonly [...Stage[], Stage<Writable>];
  /** What the copy is, once they have succeeded. Throws when they have kept too little to say. */
  describe(digest: Digest): Promise<Examined<C>>;
}

/** How `check` examines copies of one kind. */
export interface Examining<C extends RecordedCopy = RecordedCopy> {
  /** Begins to examine a copy. What that needs is loaded then: no other command needs it. */
  examine(copy: ExaminedObject, surroundings: Surroundings): Promise<Examination<C>>;
  /** Why a copy with these attributes is of no use by itself; undefined when nothing is known against it. */
  findLack?(attributes: Attributes, isThere: Surroundings['isThere']): Error | undefined;
  /** Why a copy that would get these attributes is of no use without them; undefined when it can be restored unlisted. */
  findNeed?(attributes: Attributes): Error | undefined;
}
