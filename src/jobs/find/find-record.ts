import { describeError } from '../../errors.ts';
import type { Verdict } from '../../integrity/judge.ts';
import type { Kind, RecordedCopy } from '../../kinds/kind.ts';
import { StatusDamagedError } from '../../status/envelope.ts';
import { openStatusStore } from '../../status/status-store.ts';
import type { JobContext } from '../job-context.ts';
import { type JudgeContext, judgeCopy } from './authenticate.ts';
import type { Candidate } from './find-copy.ts';

/** What the status says of an object, or why it says nothing; and whether the object may be used. */
export type Lookup<C> = { readonly verdict: Verdict } & (
  | { readonly record: C }
  | { readonly record: undefined; readonly reason: string }
);

/** What finding records needs. */
export type RecordContext = JudgeContext & Pick<JobContext, 'log' | 'signal'>;

/** The status of a host in one place, read once. */
export interface Records<C> {
  /** What it says of an object of that place. */
  readonly lookUp: (candidate: Candidate) => Lookup<C>;
  /** Why it could not be read; undefined: it could. */
  readonly failure: string | undefined;
}

/** Looks an object up in the status beside it. One that cannot be read says nothing, and why. */
export async function findRecord<C extends RecordedCopy>(
  candidate: Candidate,
  kind: Kind<C>,
  context: RecordContext,
): Promise<Lookup<C>> {
  return (await readRecords(candidate, kind, context)).lookUp(candidate);
}

/** All that the status beside an object lists. Throws only when the signal comes, or the keys of this machine cannot be read. */
export async function readRecords<C extends RecordedCopy>(
  { destination, parsed }: Pick<Candidate, 'destination' | 'parsed'>,
  kind: Kind<C>,
  context: RecordContext,
): Promise<Records<C>> {
  const format = destination === context.local ? kind.formats.local : kind.formats.destination;
  try {
    const { status } = await openStatusStore(destination, parsed.host, format, context).read();
    const records = new Map(kind.copies(status).map((copy) => [copy.key, copy]));
    const entries = new Map(format.entries(status));
    return {
      failure: undefined,
      lookUp(candidate) {
        const key = format.keyOf(candidate.object.key);
        const verdict = judgeCopy(candidate, format, { attributes: entries.get(key) }, context);
        const record = records.get(key);
        return record === undefined
          ? {
              verdict,
              record: undefined,
              reason: entries.has(key) ? 'its entry cannot be understood' : 'no status lists it',
            }
          : { verdict, record };
      },
    };
  } catch (error) {
    context.signal.throwIfAborted();
    const reason = error instanceof StatusDamagedError ? 'its status is damaged' : describeError(error);
    return {
      failure: reason,
      lookUp: (candidate) => ({
        verdict: judgeCopy(candidate, format, { attributes: undefined, unreadable: reason }, context),
        record: undefined,
        reason,
      }),
    };
  }
}
