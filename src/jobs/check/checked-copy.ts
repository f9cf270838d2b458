import type { Media } from '../../copies/key.ts';
import type { RecordedCopy } from '../../kinds/kind.ts';
import type { Status } from '../../status/entries.ts';
import type { StatusWriting } from '../../status/status-store.ts';
import type { FoundCopy } from '../find/list-copies.ts';
import type { CopyPlace } from '../record/record-copy.ts';

/**
 * What came of a copy:
 * `listed` stands in the status and is there as the status says; `missing` stands in the status, and its object is gone;
 * `unlisted` does not stand in the status and is whole; `adopted` did not and now does;
 * `expired` no longer stands in the status, and the next backup removes it;
 * `orphaned` stands in the status, and the full copy that it continues is gone;
 * `forged` stands in the status, and is not what this machine has signed; `unsigned` stands there, and should be signed;
 * `unfit` is whole, but the status cannot get it; `unreadable` is damaged, or cannot be read to its end here.
 */
export type CheckState =
  | 'listed'
  | 'missing'
  | 'orphaned'
  | 'unlisted'
  | 'adopted'
  | 'expired'
  | 'forged'
  | 'unsigned'
  | 'unfit'
  | 'unreadable';

export interface Judgement {
  readonly state: CheckState;
  /** What is wrong with the copy. */
  readonly problem?: unknown;
}

/** A copy and what came of it. */
export interface CheckedCopy extends Judgement, Pick<FoundCopy, 'place' | 'location' | 'parsed'> {
  readonly key: string;
  /** Bytes of the object; undefined when there is none. */
  readonly size: number | undefined;
}

/** Keeps other runs from the statuses while it works; the work writes with what it is given. */
export type UnderLock = <T>(work: (writing: StatusWriting) => Promise<T>) => Promise<T>;

export interface CheckOptions {
  /** Read also the copies that the status lists, and compare their checksums. */
  readonly read: boolean;
  /** For each change, as whole copies are entered in the status; undefined: nothing is changed. */
  readonly underLock: UnderLock | undefined;
}

/**
 * What a copy is that has been read to its end and is whole, besides those that a status lists. Throws a TwinDbError with the reason
 * when something that the status must have is not known.
 */
export type Examined = (status: Status) => RecordedCopy;

/** What a copy may be continued by, or continue. */
export interface Surroundings {
  /** The status that the destination has of copies of this kind. */
  readonly readDestination: () => Promise<Status>;
  /** Whether a copy that a status lists is there. */
  readonly isThere: (key: string) => boolean;
}

/** The copies of one kind of one host in one place. */
export interface CheckedGroup {
  readonly host: string;
  readonly media: Media;
  readonly store: CopyPlace;
  readonly surroundings: Surroundings;
  readonly copies: readonly FoundCopy[];
  /** Whether a copy that has these names is to be checked. */
  readonly isWanted: (names: readonly string[]) => boolean;
}
