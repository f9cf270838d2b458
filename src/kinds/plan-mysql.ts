import { keepLocalKey } from '../copies/keep-local-key.ts';
import type { MysqlCopy } from '../copies/mysql-copy.ts';
import { describeError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Decision } from '../retention/plan.ts';
import { parentsNotListed, planChains } from '../retention/plan-chains.ts';
import type { Status } from '../status/entries.ts';
import type { KeepingPlace } from './kind.ts';

/** What a status of MySQL copies says. */
interface MysqlReader {
  readonly copies: (status: Status) => MysqlCopy[];
  /** The parents that entries name which are not among the copies. */
  readonly parentsOfOthers: (status: Status) => string[];
}

/** Why a copy must stay; undefined when it need not. */
type NeedOf = (copy: MysqlCopy) => string | undefined;

/**
 * Decides about the copies of all run types: a kept chain keeps its full copy. Local copies may continue a full one that only the
 * destination has; there it stays.
 */
export async function planMysql(
  reader: MysqlReader,
  status: Status,
  made: MysqlCopy,
  place: KeepingPlace,
  log: Log,
): Promise<Decision<MysqlCopy>[]> {
  const { counts, role, other } = place;
  const isDestination = role === 'destination';
  const copies = reader.copies(status);
  const needOf = isDestination && other ? await neededLocally(reader, other, made.host, log) : undefined;
  const needed = new Map(
    reader.parentsOfOthers(status).map((key) => [key, 'an entry that cannot be understood continues it']),
  );
  for (const copy of copies) {
    const need = needOf?.(copy);
    if (need !== undefined) needed.set(copy.key, need);
  }
  // With no local copies to keep, the one that was just made goes like the others.
  if (isDestination) needed.set(made.key, 'it has just been made');
  return planChains(copies, {
    counts,
    alwaysKeepNewest: isDestination,
    now: made.backupFinished,
    ...(!isDestination && other && { elsewhere: await parentsIn(reader, other) }),
    needed,
  });
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
  for await (const { key } of destination.list(`${host}/`)) objects.add(key);
  const present = copies(stored.status).filter(({ key }) => objects.has(key));
  return new Set([...parentsNotListed(present), ...parentsOfOthers(stored.status)]);
}

/** The keys that the parents of local copies may have on the destination. */
async function parentsIn({ copies }: MysqlReader, { status }: KeepingPlace): Promise<ReadonlySet<string>> {
  const stored = await status.read();
  return new Set(copies(stored.status).map(({ key }) => keepLocalKey(key)));
}
