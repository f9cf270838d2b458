import type { Writable } from 'node:stream';
import type { Digest } from '../pipeline/digest.ts';
import type { Stage } from '../pipeline/run-pipeline.ts';
import type { Attributes, Status } from '../status/entries.ts';
import type { FoundCopy } from './found-copy.ts';

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
export type Examined<C> = (status: Status) => C;

/** How one copy is examined. */
export interface Examination<C> {
  /** The last stages of reading it to its end: they get what the copy was made from, and fail when it is not complete. */
  readonly stages: readonly [...Stage[], Stage<Writable>];
  /** What the copy is, once they have succeeded. Throws when they have kept too little to say. */
  describe(digest: Digest): Promise<Examined<C>>;
}

/** How `check` examines copies of one kind. */
export interface Examining<C> {
  /** Begins to examine a copy. What that needs is loaded then: no other command needs it. */
  examine(copy: FoundCopy, surroundings: Surroundings): Promise<Examination<C>>;
  /** Why a copy with these attributes is of no use by itself; undefined when nothing is known against it. */
  findLack?(attributes: Attributes, isThere: Surroundings['isThere']): Error | undefined;
  /** Why a copy that would get these attributes is of no use without them; undefined when it can be restored unlisted. */
  findNeed?(attributes: Attributes): Error | undefined;
}
