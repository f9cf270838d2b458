import { type Attributes, type Status } from '../../status/entries.ts';
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
 * A copy that has been read to its end and is whole: the function enters it in a status. That throws a TwinDbError with the
 * reason when something that the status must have is not known.
 */
export type Examined = (status: Status) => Status;

/** How copies of one kind stand in their status. */
export interface GroupKind {
  /** Reads a copy to its end; throws when it is not whole. */
  readonly examine: (found: FoundCopy) => Promise<Examined>;
  /** Why a copy with these attributes is of no use by itself; undefined when nothing is known against it. */
  readonly findLack: (attributes: Attributes) => Error | undefined;
  /** Why a copy that would get these attributes is of no use without them; undefined when it can be restored unlisted. */
  readonly findNeed: (attributes: Attributes) => Error | undefined;
}

/** The copies of one kind of one host in one place. */
export interface CheckedGroup {
  readonly host: string;
  readonly place: FoundCopy['place'];
  readonly store: CopyPlace;
  readonly kind: GroupKind;
  readonly copies: readonly FoundCopy[];
  /** Whether a copy that has these names is to be checked. */
  readonly isWanted: (names: readonly string[]) => boolean;
}
