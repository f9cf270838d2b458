import { keepLocalKey } from '../../copies/keep-local-key.ts';
import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import type { RunType } from '../../copies/run-type.ts';
import { describeError } from '../../errors.ts';
import { mysqlAttributes, mysqlCopies, parentsOfOthers } from '../../kinds/mysql.ts';
import type { Log } from '../../log.ts';
import type { Decision } from '../../retention/plan.ts';
import { parentsNotListed, planChains } from '../../retention/plan-chains.ts';
import { type PeriodicStatus, withEntry, withoutKeys } from '../../status/layout.ts';
import type { JobContext } from '../job-context.ts';
import { type CopyPlace, type CopyPlaces, recordCopy } from './record-copy.ts';

/** What decides in one place which copies go. */
interface MysqlRetention {
  readonly counts: Readonly<Record<RunType, number>>;
  /** Finds the keys of copies in another place, in the form that parents have here. */
  readonly elsewhere?: () => Promise<ReadonlySet<string>>;
  /** Finds which copies of this place those in another place continue. */
  readonly neededElsewhere?: () => Promise<NeedOf>;
}

/** Why a copy must stay; undefined when it need not. */
type NeedOf = (copy: MysqlCopy) => string | undefined;

/** The policy of one of the places. Local copies may continue a full one that only the destination has; there it stays. */
export function mysqlRetention(
  place: CopyPlace,
  { remote, local }: CopyPlaces,
  {
    config,
    host,
    log,
  }: Pick<JobContext, 'host' | 'log'> & {
    readonly config: Pick<JobContext['config'], 'retention' | 'retentionLocal'>;
  },
): MysqlRetention {
  if (place === local) {
    return { counts: config.retentionLocal, elsewhere: () => parentsElsewhere(remote) };
  }
  const counts = config.retention;
  return local ? { counts, neededElsewhere: () => neededLocally(local, host, log) } : { counts };
}

/** Enters a stored copy in the status and applies retention to all run types: a kept chain keeps its full copy. */
export async function recordMysqlCopy(
  place: CopyPlace,
  copy: MysqlCopy,
  retention: MysqlRetention,
  log: Log,
): Promise<void> {
  await recordCopy(
    place,
    {
      made: copy.key,
      enter: (status) =>
        withEntry(status, copy.runType, copy.key, place.sign(copy.key, mysqlAttributes(copy))),
      plan: (status) => plan(place, status, copy, retention),
      without: withoutKeys,
    },
    log,
  );
}

async function plan(
  { alwaysKeepNewest }: CopyPlace,
  status: PeriodicStatus,
  made: MysqlCopy,
  { counts, elsewhere, neededElsewhere }: MysqlRetention,
): Promise<Decision<MysqlCopy>[]> {
  const copies = mysqlCopies(status);
  const needOf = await neededElsewhere?.();
  const needed = new Map(
    parentsOfOthers(status).map((key) => [key, 'an entry that cannot be understood continues it']),
  );
  for (const copy of copies) {
    const need = needOf?.(copy);
    if (need !== undefined) needed.set(copy.key, need);
  }
  // With no local copies to keep, the one that was just made goes like the others.
  if (alwaysKeepNewest) needed.set(made.key, 'it has just been made');
  return planChains(copies, {
    counts,
    alwaysKeepNewest,
    now: made.backupFinished,
    ...(elsewhere && { elsewhere: await elsewhere() }),
    needed,
  });
}

/**
 * Tells which copies on the destination must stay because local ones, which another retention keeps, continue them and
 * cannot be restored without. Where that cannot be found out each full copy stays; what is in the way is reported when
 * the new local copy is entered.
 */
async function neededLocally(local: CopyPlace, host: string, log: Log): Promise<NeedOf> {
  try {
    const parents = await parentsMissingIn(local, host);
    return ({ key }) =>
      parents.has(keepLocalKey(key)) ? 'a copy in keep_local_path continues it' : undefined;
  } catch (error) {
    log.debug(`retention: each full copy stays on the destination: ${describeError(error)}`);
    return ({ type }) => (type === 'full' ? 'copies in keep_local_path may continue it' : undefined);
  }
}

/** The parents, in the form they have there, that copies of a place name and that have no object there themselves. */
async function parentsMissingIn(
  { destination, status }: CopyPlace,
  host: string,
): Promise<ReadonlySet<string>> {
  const stored = await status.read();
  // The Python tool's local status also has entries of copies that only the destination has.
  const objects = new Set<string>();
  for await (const { key } of destination.list(`${host}/`)) objects.add(key);
  const present = mysqlCopies(stored.status).filter(({ key }) => objects.has(key));
  return new Set([...parentsNotListed(present), ...parentsOfOthers(stored.status)]);
}

/** The keys that the parents of local copies may have on the destination. */
async function parentsElsewhere({ status }: CopyPlace): Promise<ReadonlySet<string>> {
  const stored = await status.read();
  return new Set(mysqlCopies(stored.status).map(({ key }) => keepLocalKey(key)));
}
