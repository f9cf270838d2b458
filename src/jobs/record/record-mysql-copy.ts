import { keepLocalKey } from '../../copies/keep-local-key.ts';
import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import type { RunType } from '../../copies/run-type.ts';
import type { Log } from '../../log.ts';
import { planChains } from '../../retention/plan-chains.ts';
import { mysqlAttributes, mysqlCopies, parentsOfOthers } from '../../status/mysql-status.ts';
import { type PeriodicStatus, withEntry, withoutKeys } from '../../status/periodic-status.ts';
import { type CopyPlace, type CopyPlaces, recordCopy } from './record-copy.ts';

export interface MysqlRetention {
  readonly counts: Readonly<Record<RunType, number>>;
  /** Finds the keys of copies in another place, in the form that parents have here. */
  readonly elsewhere?: () => Promise<ReadonlySet<string>>;
}

/** Enters a stored copy in the status and applies retention to all run types: a kept chain keeps its full copy. */
export async function recordMysqlCopy(
  place: CopyPlace,
  copy: MysqlCopy,
  { counts, elsewhere }: MysqlRetention,
  log: Log,
): Promise<void> {
  // With no local copies to keep, the one that was just made goes like the others.
  const justMade: [string, string][] = place.alwaysKeepNewest ? [[copy.key, 'it has just been made']] : [];
  await recordCopy(
    place,
    {
      made: copy.key,
      enter: (status) => withEntry(status, copy.runType, copy.key, mysqlAttributes(copy)),
      plan: async (status) =>
        planChains(mysqlCopies(status), {
          counts,
          alwaysKeepNewest: place.alwaysKeepNewest,
          ...(elsewhere && { elsewhere: await elsewhere() }),
          needed: new Map([...parentsOfOthers(status).map(neededByUnknown), ...justMade]),
        }),
      without: withoutKeys,
    },
    log,
  );
}

function neededByUnknown(key: string): [string, string] {
  return [key, 'an entry that cannot be understood continues it'];
}

/** The keys that the parents of local copies may have on the destination. */
export async function parentsElsewhere({ remote }: CopyPlaces): Promise<ReadonlySet<string>> {
  const { status }: { status: PeriodicStatus } = await remote.status.read();
  return new Set(mysqlCopies(status).map(({ key }) => keepLocalKey(key)));
}
