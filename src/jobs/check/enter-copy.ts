import { TwinDbError } from '../../errors.ts';
import type { Examined } from '../../kinds/examination.ts';
import type { FoundCopy } from '../../kinds/found-copy.ts';
import type { RecordedCopy } from '../../kinds/kind.ts';
import type { Status } from '../../status/entries.ts';
import type { JobContext } from '../job-context.ts';
import { changeStatus } from '../record/record-copy.ts';
import type { CheckedGroup, Judgement, UnderLock } from './checked-copy.ts';

/**
 * Enters a whole copy in its status, or says why not; undefined when a run has removed it meanwhile. Throws when the status
 * cannot be read or written.
 */
export type EnterCopy = (
  found: FoundCopy,
  examined: Examined<RecordedCopy>,
) => Promise<Judgement | undefined>;

/** Says what would become of each copy, with those before it in the status, and changes nothing. */
export function rehearseEntry({ store, kind }: CheckedGroup): EnterCopy {
  let rehearsed: Status | undefined;
  return async (found, examined) => {
    const { status } = await store.status.read();
    // A backup has finished it meanwhile.
    if (store.format.ownsObject(status, found.object.key)) return { state: 'listed' };
    return judge(() => {
      const before = rehearsed ?? status;
      const copy = examined(before);
      rehearsed = kind.enter(before, copy);
      const problem = kind.findNeed?.(kind.attributes(copy));
      return { state: 'unlisted', ...(problem && { problem }) };
    });
  };
}

/**
 * Enters each copy at once, so that what has been read is not lost when the work is interrupted. It is signed only when the operator
 * answers for it.
 */
export function recordEntry(
  { store, kind }: CheckedGroup,
  underLock: UnderLock,
  { log, integrity }: JobContext,
): EnterCopy {
  return (found, examined) =>
    underLock(async (writing) => {
      const { status, deletions } = await store.status.read();
      const { key } = found.object;
      if (store.format.ownsObject(status, key)) return { state: 'listed' };
      if (deletions.includes(key)) return { state: 'expired' };
      // Reading it may have taken hours, and an open file can be read to its end after it was deleted.
      if (!(await store.destination.stat(key))) return undefined;
      const judgement = judge(() => {
        kind.enter(status, examined(status));
        return { state: 'adopted' };
      });
      const sign = integrity.accept ? store.sign : undefined;
      const enter = (before: Status) => kind.enter(before, examined(before), sign);
      // Retention is the business of the next backup.
      const write: typeof store.status.write = (stored) => store.status.write(stored, writing);
      const place = { ...store, status: { ...store.status, write } };
      if (judgement.state === 'adopted') await changeStatus(place, { enter }, log);
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
