import { MEDIA } from '../../copies/key.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { describeError } from '../../errors.ts';
import type { StoredMark, StoredMarks } from '../../lock/stored-record.ts';
import type { JobContext } from '../job-context.ts';
import type { PlacesOfKinds } from './open-places.ts';

/** What came of looking for what this machine has stored. */
export type Finding =
  | { readonly state: 'there' }
  /** This one is not there. */
  | { readonly state: 'lost'; readonly copy: StoredMark }
  /** The copies that were missed are there again, and those that were made meanwhile are not. */
  | { readonly state: 'back'; readonly elsewhere: StoredMark };

/** Decides what the marks of this machine show; `isThere` says whether the copy of a mark was found. */
export function judgeMarks({ newest, missed }: StoredMarks, isThere: (mark: StoredMark) => boolean): Finding {
  if (missed !== undefined && !isThere(missed)) return { state: 'lost', copy: missed };
  if (isThere(newest)) return { state: 'there' };
  return missed === undefined ? { state: 'lost', copy: newest } : { state: 'back', elsewhere: newest };
}

/** A message and what to do, as an error has them. */
export interface LostCopies {
  readonly message: string;
  readonly remedy: string;
}

/**
 * Looks whether the newest copy that this machine knows to have stored is still at the destination, and remembers one that is not until
 * it is back: a mount point without its file system, or another bucket, has nothing or what was written there earlier. Whether a copy is
 * there says its object; or a status that has newer copies, where something else than this machine has removed it. Undefined: nothing is
 * missing, or nothing is known.
 */
export async function findLostCopies(
  places: PlacesOfKinds,
  context: JobContext,
): Promise<LostCopies | undefined> {
  const { destination, host, stored, log, signal } = context;
  const marks = await stored?.read(host);
  if (stored === undefined || marks === undefined) return undefined;
  let finding: Finding;
  try {
    finding = await look(marks, places, context);
  } catch (error) {
    signal.throwIfAborted();
    log.debug(`Whether copies of earlier runs are there cannot be told: ${describeError(error)}`);
    return undefined;
  }
  const describe = ({ key, started }: StoredMark) =>
    `${quoteLocation(destination.locate(key))} of ${new Date(started * 1000).toISOString()}`;
  switch (finding.state) {
    case 'there':
      // It may expire now like any other.
      if (marks.missed !== undefined) await remember({ newest: marks.newest }, context);
      return undefined;
    case 'back':
      // What is there is what counts from now on.
      await remember({ newest: marks.missed ?? marks.newest }, context);
      log.warn(
        `The copies that were missed on ${destination.url} are there again. Those that were made meanwhile are not, such as ${describe(finding.elsewhere)}: ` +
          'they may be below the mount point',
      );
      return undefined;
    case 'lost':
      await remember({ newest: marks.newest, missed: finding.copy }, context);
      return {
        message: `${destination.url} has lost copies of this host: ${describe(finding.copy)}, then the newest, is not there`,
        remedy: `See whether a file system is not mounted, or the destination is another one. If the copies were deleted on purpose, delete ${stored.path(host)} too.`,
      };
    default:
      return finding satisfies never;
  }
}

async function look(
  marks: StoredMarks,
  places: PlacesOfKinds,
  { destination }: Pick<JobContext, 'destination'>,
): Promise<Finding> {
  const found = new Set<StoredMark>();
  for (const mark of [marks.newest, marks.missed])
    if (mark !== undefined && (await destination.stat(mark.key))) found.add(mark);
  // Of one that is missed a later copy shows nothing: this machine has made them since, elsewhere.
  const isOutdated = !found.has(marks.newest) && (await newestListed(places)) >= marks.newest.started;
  if (isOutdated) found.add(marks.newest);
  return judgeMarks(marks, (mark) => found.has(mark));
}

/** When the newest copy was begun that a status of the destination lists, in seconds since the epoch; 0: there is none. */
async function newestListed(places: PlacesOfKinds): Promise<number> {
  const times: number[] = [];
  for (const media of MEDIA) {
    const { status, format } = places[media].destination;
    for (const [, attributes] of format.entries((await status.read()).status))
      times.push(format.timeOf(attributes) ?? 0);
  }
  return times.reduce((newest, time) => Math.max(newest, time), 0);
}

/** Notes a copy that was stored and is in the status. What cannot be remembered is not noticed when it is lost. */
export async function noteStored(
  newest: StoredMark,
  context: Pick<JobContext, 'host' | 'stored' | 'log'>,
): Promise<void> {
  const missed = (await context.stored?.read(context.host))?.missed;
  await remember({ newest, ...(missed && { missed }) }, context);
}

/**
 * Takes back what is remembered of copies that were deleted on purpose, which would be missed otherwise: the newest of `left`, the copies
 * that the statuses still list, stands for them.
 */
export async function forgetStored(
  deleted: ReadonlySet<string>,
  left: readonly StoredMark[],
  context: Pick<JobContext, 'host' | 'stored' | 'log'>,
): Promise<void> {
  const { stored, host, log } = context;
  const marks = await stored?.read(host);
  if (stored === undefined || marks === undefined) return;
  const { newest, missed } = marks;
  const stays = missed !== undefined && !deleted.has(missed.key) ? { missed } : {};
  if (!deleted.has(newest.key))
    return missed && !('missed' in stays) ? await remember({ newest }, context) : undefined;
  const [next] = left.toSorted((a, b) => b.started - a.started);
  if (next !== undefined) return await remember({ newest: next, ...stays }, context);
  try {
    await stored.forget(host);
  } catch (error) {
    log.debug(`${stored.path(host)} cannot be removed: ${describeError(error)}`);
  }
}

async function remember(
  marks: StoredMarks,
  { host, stored, log }: Pick<JobContext, 'host' | 'stored' | 'log'>,
): Promise<void> {
  try {
    await stored?.write(host, marks);
  } catch (error) {
    log.debug(`What was stored cannot be remembered on this machine: ${describeError(error)}`);
  }
}
