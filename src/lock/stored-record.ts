import { type Memory, openMemory } from './memory.ts';

/** A copy that this machine has stored. */
export interface StoredMark {
  readonly key: string;
  /** When it was begun, in seconds since the epoch. */
  readonly started: number;
}

/** What this machine has stored of a host at its destination. */
export interface StoredMarks {
  readonly newest: StoredMark;
  /** One that was the newest once, and was not there any more. */
  readonly missed?: StoredMark;
}

/** The memory of one destination, by host. It is on this machine, as a destination that has lost everything cannot show that it has. */
export type StoredRecord = Memory<StoredMarks>;

/** Opens the memory of a destination; `destination` is what tells it from others. The first of `folders` that has it, or can have it, counts. */
export function openStoredRecord(destination: string, folders?: readonly string[]): StoredRecord {
  return openMemory<StoredMarks>({
    kind: 'stored',
    destination,
    folders,
    parse: ({ newest, missed }) =>
      isMark(newest) ? { newest, ...(isMark(missed) && { missed }) } : undefined,
  });
}

function isMark(value: unknown): value is StoredMark {
  const { key, started } = (value ?? {}) as Partial<StoredMark>;
  return typeof key === 'string' && typeof started === 'number';
}
