import { describeError } from '../../errors.ts';
import { StatusDamagedError } from '../../status/envelope.ts';
import type { StatusFormat } from '../../status/status-format.ts';
import { openStatusStore } from '../../status/status-store.ts';
import type { JobContext } from '../job-context.ts';
import type { Candidate } from './find-copy.ts';

/** What the status says of an object, or why it says nothing. */
export type Lookup<C> = { readonly record: C } | { readonly record: undefined; readonly reason: string };

/** A kind of status, and the copies it lists. */
export interface RecordKind<S, C> {
  readonly format: StatusFormat<S>;
  readonly copies: (status: S) => readonly C[];
  /** Whether an entry is that of an object. */
  readonly isOf: (copy: C, objectKey: string) => boolean;
}

/** Looks an object up in the status beside it. A status that cannot be read must not keep anyone from a copy that is whole. */
export async function findRecord<S, C>(
  candidate: Candidate,
  kind: RecordKind<S, C>,
  context: Pick<JobContext, 'log' | 'signal'>,
): Promise<Lookup<C>> {
  const records = await readRecords(candidate, kind, context);
  if (records.record === undefined) return records;
  return toLookup(records.record.find((copy) => kind.isOf(copy, candidate.object.key)));
}

/** For what a status that could be read says of an object, if anything. */
export function toLookup<C>(record: C | undefined): Lookup<C> {
  return record === undefined ? { record: undefined, reason: 'no status lists it' } : { record };
}

/** All that the status beside an object lists. */
export async function readRecords<S, C>(
  { destination, parsed }: Pick<Candidate, 'destination' | 'parsed'>,
  { format, copies }: Pick<RecordKind<S, C>, 'format' | 'copies'>,
  context: Pick<JobContext, 'log' | 'signal'>,
): Promise<Lookup<readonly C[]>> {
  try {
    const { status } = await openStatusStore(destination, parsed.host, format, context).read();
    return { record: copies(status) };
  } catch (error) {
    context.signal.throwIfAborted();
    const isDamaged = error instanceof StatusDamagedError;
    return { record: undefined, reason: isDamaged ? 'its status is damaged' : describeError(error) };
  }
}
