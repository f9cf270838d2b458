import { type Memory, openMemory } from './memory.ts';

/** A verification of a copy. */
export interface VerifiedMark {
  readonly key: string;
  /** When it ended, in seconds since the epoch. */
  readonly finished: number;
  /** How long it took, in seconds. */
  readonly seconds: number;
}

/** What is known of the verifications of one source of a host. */
export interface VerifiedMarks {
  /** The last one that showed that a copy can be restored. */
  readonly success?: VerifiedMark | undefined;
  /** The last one, where it failed. */
  readonly failure?: VerifiedMark | undefined;
}

/**
 * What this machine remembers of the copies it has verified, by host and source (`verifiedSubject`). It is on this machine: the user who verifies may be
 * allowed to read the destination only, and an account that writes to the destination must not be able to make it look verified.
 */
export type VerifiedRecord = Memory<VerifiedMarks>;

/** What a verification is remembered under: one file each, so that several at once do not lose each other's. */
export function verifiedSubject(host: string, source: string): string {
  return JSON.stringify([host, source]);
}

/** Opens the memory of a destination; `destination` is what tells it from others. The first of `folders` that has it, or can have it, counts. */
export function openVerifiedRecord(destination: string, folders?: readonly string[]): VerifiedRecord {
  return openMemory<VerifiedMarks>({
    kind: 'verified',
    destination,
    folders,
    parse({ success, failure }) {
      const marks = { ...(isMark(success) && { success }), ...(isMark(failure) && { failure }) };
      return Object.keys(marks).length === 0 ? undefined : marks;
    },
  });
}

function isMark(value: unknown): value is VerifiedMark {
  const { key, finished, seconds } = (value ?? {}) as Partial<VerifiedMark>;
  return typeof key === 'string' && typeof finished === 'number' && typeof seconds === 'number';
}
