import type { Surroundings } from '../../kinds/examination.ts';
import type { FoundCopy } from '../../kinds/found-copy.ts';
import type { Kind } from '../../kinds/kind.ts';
import type { StatusWriting, StoredStatus } from '../../status/status-store.ts';
import type { CopyPlace } from '../record/record-copy.ts';
import type { Sample } from './sample.ts';

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
  /** Whether its bytes were read, to their end where they are intact. */
  readonly wasRead: boolean;
}

/** Keeps other runs from the statuses while it works; the work writes with what it is given. */
export type UnderLock = <T>(work: (writing: StatusWriting) => Promise<T>) => Promise<T>;

export interface CheckOptions {
  /** Which of the copies that the status lists are read as well, to compare their checksums. */
  readonly read: 'none' | 'all' | Sample;
  /** For each change, as whole copies are entered in the status; undefined: nothing is changed. */
  readonly underLock: UnderLock | undefined;
}

/** The copies of one kind of one host in one place. */
export interface CheckedGroup {
  readonly host: string;
  readonly kind: Kind;
  readonly store: CopyPlace;
  /** The status of the place, as it was when the check of this host began. */
  readonly stored: Promise<StoredStatus>;
  readonly surroundings: Surroundings;
  readonly copies: readonly FoundCopy[];
  /** Whether a copy that has these names is to be checked. */
  readonly isWanted: (names: readonly string[]) => boolean;
  /** Whether it is read even though the status lists it. */
  readonly isRead: (copy: FoundCopy) => boolean;
}
