import { keepLocalKey } from '../copies/keep-local-key.ts';
import type { MysqlCopy } from '../copies/mysql-copy.ts';
import { describeError, TwinDbError } from '../errors.ts';
import type { Log } from '../log.ts';
import { findBaseOfLogs } from '../retention/base-of-logs.ts';
import { FROM_BEFORE, findShrinkage, type MeasuredCopy } from '../retention/find-shrinkage.ts';
import { PINNED } from '../retention/keep-pinned.ts';
import { findExpirable } from '../retention/own-copies.ts';
import type { Decision } from '../retention/plan.ts';
import { parentsNotListed, planChains } from '../retention/plan-chains.ts';
import type { Status } from '../status/entries.ts';
import type { KeepingPlace, Review } from './kind.ts';

/** What a status of MySQL copies says. */
interface MysqlReader {
  readonly copies: (status: Status) => MysqlCopy[];
  /** The parents that those entries name which are not among these copies. */
  readonly parentsOfOthers: (status: Status, copies: readonly MysqlCopy[]) => string[];
  /** The size of a full copy. */
  readonly measure: (copy: MysqlCopy) => MeasuredCopy | undefined;
}

/** Why a copy must stay; undefined when it need not. */
type NeedOf = (copy: MysqlCopy) => string | undefined;

/**
 * Decides about the copies of all run types: a kept chain keeps its full copy. Local copies may continue a full one that only the
 * destination has; there it stays. Throws a TwinDbError when what was made cannot be restored.
 */
export async function planMysql(
  reader: MysqlReader,
  status: Status,
  made: MysqlCopy,
  place: KeepingPlace,
  log: Log,
): Promise<Decision<MysqlCopy>[]> {
  if (place.role === 'destination') requireParent(made, reader.copies(status));
  const review = { us: made, host: made.host, now: made.backupFinished };
  return await reviewMysql(reader, status, { ...review, made }, place, log);
}

/** Decides in the same way; `made` is the copy that was just made, if one was. */
export async function reviewMysql(
  reader: MysqlReader,
  status: Status,
  { us, host, now, made }: Review & { readonly made?: MysqlCopy },
  place: KeepingPlace,
  log: Log,
): Promise<Decision<MysqlCopy>[]> {
  const { counts, role, other, trustsShrinking } = place;
  const isDestination = role === 'destination';
  const all = reader.copies(status);
  const copies = findExpirable(all, us, {
    unitOf: ({ runType }) => runType,
    ...(made && { isJustMade: ({ key }: MysqlCopy) => key === made.key }),
  });
  const leftAlone = all.filter((copy) => !copies.includes(copy)).map(({ key }) => key);
  const needOf = isDestination && other ? await neededLocally(reader, other, host, log) : undefined;
  const needed = new Map(
    reader
      .parentsOfOthers(status, copies)
      .map((key) => [key, 'it is continued by a copy that retention leaves alone']),
  );
  for (const copy of copies) {
    const need = copy.pin === undefined ? needOf?.(copy) : PINNED;
    if (need !== undefined) needed.set(copy.key, need);
  }
  const shrinkage = trustsShrinking
    ? undefined
    : findShrinkage(
        copies.flatMap((copy) => reader.measure(copy) ?? []),
        { now, ...(made && { justMade: made.key }) },
      );
  if (shrinkage) needed.set(shrinkage.before.key, FROM_BEFORE);
  if (isDestination) for (const [key, need] of await neededByLogs(copies, place, log)) needed.set(key, need);
  // With no local copies to keep, the one that was just made goes like the others.
  if (isDestination && made) needed.set(made.key, 'it has just been made');
  return planChains(copies, {
    counts,
    alwaysKeepNewest: isDestination,
    now,
    elsewhere: new Set([...leftAlone, ...(!isDestination && other ? await parentsIn(reader, other) : [])]),
    needed,
  });
}

/**
 * The copy on which the oldest binary logs can be replayed: without it they were kept in vain. Where it cannot be found out which that is, each one stays
 * until the next run.
 */
async function neededByLogs(
  copies: readonly MysqlCopy[],
  { binlogs }: KeepingPlace,
  log: Log,
): Promise<[string, string][]> {
  if (binlogs === undefined) return [];
  try {
    const listed = new Set(copies.map(({ key }) => key));
    const complete = copies.filter(({ type, parent = '' }) => type === 'full' || listed.has(parent));
    const base = findBaseOfLogs(complete, await binlogs());
    return base === undefined ? [] : [[base.key, 'the oldest binary logs can be replayed on no newer copy']];
  } catch (error) {
    // The copies of the logs fail for the same reason, which is said there.
    log.debug(
      `Cannot read which copy the binary logs continue, so that none expires: ${describeError(error)}`,
    );
    return copies.map(({ key }) => [key, 'binary logs may be replayed on it']);
  }
}

/** Taking a copy lasts hours: a run without a common lock, or the Python tool, may have expired meanwhile what it continues. */
function requireParent({ key, type, parent }: MysqlCopy, listed: readonly MysqlCopy[]): void {
  if (type === 'full' || listed.some((copy) => copy.key === parent)) return;
  throw new TwinDbError(
    `Cannot record ${key}: ${parent ?? 'the copy'} that it continues has been removed from the status meanwhile, so it could not be restored`,
    { remedy: 'The next run makes a full copy. Let the runs of one host share a lock: see --lock-file.' },
  );
}

/**
 * Tells which copies on the destination must stay because local ones, which another retention keeps, continue them and
 * cannot be restored without. Where that cannot be found out each full copy stays; what is in the way is reported when
 * the new local copy is entered.
 */
async function neededLocally(
  reader: MysqlReader,
  local: KeepingPlace,
  host: string,
  log: Log,
): Promise<NeedOf> {
  try {
    const parents = await parentsMissingIn(reader, local, host);
    return ({ key }) =>
      parents.has(keepLocalKey(key)) ? 'a copy in keep_local_path continues it' : undefined;
  } catch (error) {
    log.debug(`retention: each full copy stays on the destination: ${describeError(error)}`);
    return ({ type }) => (type === 'full' ? 'copies in keep_local_path may continue it' : undefined);
  }
}

/** The parents, in the form they have there, that copies of a place name and that have no object there themselves. */
async function parentsMissingIn(
  { copies, parentsOfOthers }: MysqlReader,
  { destination, status }: KeepingPlace,
  host: string,
): Promise<ReadonlySet<string>> {
  const stored = await status.read();
  // The Python tool's local status also has entries of copies that only the destination has.
  const objects = new Set<string>();
  const closed: string[] = [];
  for await (const { key } of destination.list(`${host}/`, (folder) => closed.push(`${folder}/`)))
    objects.add(key);
  const listed = copies(stored.status);
  const present = listed.filter(
    // What is in a folder that may not be entered may be there.
    ({ key }) => objects.has(key) || closed.some((folder) => key.startsWith(folder)),
  );
  return new Set([...parentsNotListed(present), ...parentsOfOthers(stored.status, listed)]);
}

/** The keys that the parents of local copies may have on the destination. */
async function parentsIn({ copies }: MysqlReader, { status }: KeepingPlace): Promise<ReadonlySet<string>> {
  const stored = await status.read();
  return new Set(copies(stored.status).map(({ key }) => keepLocalKey(key)));
}
