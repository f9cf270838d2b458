import { TwinDbError } from '../../errors.ts';
import type { FoundCopy } from '../find/list-copies.ts';
import type { JobContext } from '../job-context.ts';
import { recordCopy } from '../record/record-copy.ts';
import type { CheckedGroup, Examined, Judgement, UnderLock } from './checked-copy.ts';

/**
 * Enters a whole copy in its status, or says why not; undefined when a run has removed it meanwhile. Throws when the status
 * cannot be read or written.
 */
export type EnterCopy<S> = (found: FoundCopy, examined: Examined<S>) => Promise<Judgement | undefined>;

/** Says what would become of each copy, with those before it in the status, and changes nothing. */
export function rehearseEntry<S>({ store, kind }: CheckedGroup<S>): EnterCopy<S> {
  let rehearsed: S | undefined;
  return async (found, examined) => {
    const { status } = await store.status.read();
    // A backup has finished it meanwhile.
    if (store.format.ownsObject(status, found.object.key)) return { state: 'listed' };
    return judge(() => {
      rehearsed = examined(rehearsed ?? status);
      const attributes = new Map(store.format.entries(rehearsed)).get(store.format.keyOf(found.object.key));
      const problem = attributes && kind.findNeed(attributes);
      return { state: 'unlisted', ...(problem && { problem }) };
    });
  };
}

/**
 * Enters each copy at once, so that what has been read is not lost when the work is interrupted. It is signed only when the operator
 * answers for it.
 */
export function recordEntry<S>(
  { store }: CheckedGroup<S>,
  underLock: UnderLock,
  { log, integrity }: JobContext,
): EnterCopy<S> {
  return (found, examined) =>
    underLock(async (writing) => {
      const { status, deletions } = await store.status.read();
      const { key } = found.object;
      if (store.format.ownsObject(status, key)) return { state: 'listed' };
      if (deletions.includes(key)) return { state: 'expired' };
      // Reading it may have taken hours, and an open file can be read to its end after it was deleted.
      if (!(await store.destination.stat(key))) return undefined;
      const judgement = judge(() => {
        examined(status);
        return { state: 'adopted' };
      });
      const entryKey = store.format.keyOf(key);
      const enter = (before: S): S =>
        store.format.mapEntries(examined(before), (each, attributes) =>
          integrity.accept && each === entryKey ? store.sign(each, attributes) : attributes,
        );
      // Retention is the business of the next backup.
      const change = { enter, plan: () => [], without: (unchanged: S) => unchanged };
      const write: typeof store.status.write = (stored) => store.status.write(stored, writing);
      const place = { ...store, status: { ...store.status, write } };
      if (judgement.state === 'adopted') await recordCopy(place, change, log);
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
