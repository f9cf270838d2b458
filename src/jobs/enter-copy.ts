import { TwinDbError } from '../errors.ts';
import type { CheckedGroup, Examined, Judgement, UnderLock } from './checked-copy.ts';
import type { JobContext } from './job-context.ts';
import type { FoundCopy } from './list-copies.ts';
import { recordCopy } from './record-copy.ts';

/** Enters a whole copy in its status, or says why not. Throws when the status cannot be read or written. */
export type EnterCopy<S> = (found: FoundCopy, examined: Examined<S>) => Promise<Judgement>;

/** Says what would become of each copy, with those before it in the status, and changes nothing. */
export function rehearseEntry<S>({ store }: CheckedGroup<S>): EnterCopy<S> {
  let rehearsed: S | undefined;
  return async (found, examined) => {
    const { status } = await store.status.read();
    // A backup has finished it meanwhile.
    if (store.lists(status, found.object.key)) return { state: 'listed' };
    return judge(() => {
      rehearsed = examined(rehearsed ?? status);
      return { state: 'unlisted' };
    });
  };
}

/** Enters each copy at once, so that what has been read is not lost when the work is interrupted. */
export function recordEntry<S>(
  { store }: CheckedGroup<S>,
  underLock: UnderLock,
  { log }: JobContext,
): EnterCopy<S> {
  return (found, examined) =>
    underLock(async () => {
      const { status } = await store.status.read();
      if (store.lists(status, found.object.key)) return { state: 'listed' };
      const judgement = judge(() => {
        examined(status);
        return { state: 'adopted' };
      });
      // Retention is the business of the next backup.
      const change = { enter: examined, plan: () => [], without: (unchanged: S) => unchanged };
      if (judgement.state === 'adopted') await recordCopy(store, change, log);
      return judgement;
    });
}

function judge(entering: () => Judgement): Judgement {
  try {
    return entering();
  } catch (problem) {
    if (problem instanceof TwinDbError) return { state: 'unfit', problem };
    throw problem;
  }
}
