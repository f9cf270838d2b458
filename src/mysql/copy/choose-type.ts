import type { MysqlCopy, ServerVendor } from '../../copies/mysql-copy.ts';
import { RUN_TYPES, type RunType } from '../../copies/run-type.ts';
import { planRetention } from '../../retention/plan.ts';

/** `whole`: as far as can be told without reading it, by its size. `unsigned`: not proven to be made here. */
export type ParentObject = 'whole' | 'unsigned' | 'damaged' | 'absent';

/** What decides whether a copy may continue an earlier one. */
export interface ChoiceInput {
  readonly runType: RunType;
  /** `[mysql] full_backup`: the most frequent run type that takes a full copy. */
  readonly fullBackup: RunType;
  /** What the status of this host on the destination lists. */
  readonly copies: readonly MysqlCopy[];
  /** How many copies of each run type the destination keeps. */
  readonly counts: Readonly<Record<RunType, number>>;
  /** Seconds since the epoch. */
  readonly now: number;
  /** How the object of `candidateParent` lies on the destination; undefined when there is no candidate. */
  readonly parent: ParentObject | undefined;
  readonly server: {
    readonly identity: string;
    readonly vendor: ServerVendor;
    readonly version: string;
    /** The LSN it has reached; undefined when it cannot be told. */
    readonly lsn: number | undefined;
  };
}

/** The kind of copy to take, and why. */
export type BackupType =
  | { readonly type: 'incremental'; readonly parent: MysqlCopy; readonly reason: string }
  | {
      readonly type: 'full';
      readonly reason: string;
      /** An incremental copy was due; the operator should hear why there is none. */
      readonly warn: boolean;
    };

/**
 * The copy that an incremental one of this run type would continue: the newest full copy of the nearest run type that
 * has one, from its own upwards (contract: full or incremental). A copy that stays only because others continue it has
 * served its time, as the Python tool would have removed it: if it took more, it would stay for ever, and what continues it would
 * grow with each run. Undefined when a full copy is due anyway.
 */
export function candidateParent({
  runType,
  fullBackup,
  copies,
  counts,
  now,
}: Pick<ChoiceInput, 'runType' | 'fullBackup' | 'copies' | 'counts' | 'now'>): MysqlCopy | undefined {
  if (isFullDue(runType, fullBackup)) return undefined;
  for (const each of RUN_TYPES.slice(RUN_TYPES.indexOf(runType))) {
    const ofType = copies.filter((copy) => copy.runType === each);
    const kept = planRetention(ofType, { count: counts[each], alwaysKeepNewest: true, now });
    const newest = kept.find(({ copy, keep }) => keep && copy.type === 'full');
    if (newest !== undefined) return newest.copy;
  }
  return undefined;
}

/** Decides between a full and an incremental copy. An incremental one is taken only when its chain can be restored. */
export function chooseBackupType(input: ChoiceInput): BackupType {
  const { runType, fullBackup } = input;
  if (isFullDue(runType, fullBackup)) {
    return { type: 'full', reason: `[mysql] full_backup is ${fullBackup}`, warn: false };
  }
  const parent = candidateParent(input);
  if (parent === undefined) {
    return {
      type: 'full',
      reason: `there is no full copy that a ${runType} one could continue`,
      warn: false,
    };
  }
  const obstacle = obstacleTo(parent, input);
  if (obstacle !== undefined) return { type: 'full', reason: obstacle, warn: true };
  return { type: 'incremental', parent, reason: `it continues ${parent.key} from LSN ${parent.lsn}` };
}

function isFullDue(runType: RunType, fullBackup: RunType): boolean {
  return RUN_TYPES.indexOf(fullBackup) <= RUN_TYPES.indexOf(runType);
}

/** Why no copy of this server can continue `parent`. What the Python tool did not record is no obstacle. */
function obstacleTo(parent: MysqlCopy, { parent: object, server }: ChoiceInput): string | undefined {
  const { key, serverIdentity, serverVersion } = parent;
  if (object === 'absent') return `the full copy ${key} is gone from the destination`;
  if (object === 'unsigned') {
    return `the full copy ${key} is not what this machine has signed; twindb-backup check says more`;
  }
  if (object === 'damaged') return `the full copy ${key} is not whole on the destination`;
  if (serverIdentity !== undefined && serverIdentity !== server.identity) {
    return `the full copy ${key} is of another server, or this one was initialised or restored since`;
  }
  if ((parent.serverVendor === 'mariadb') !== (server.vendor === 'mariadb')) {
    return `the full copy ${key} is of a ${parent.serverVendor} server, this one is ${server.vendor}`;
  }
  // Preparing applies both copies with one program, and the format of the redo log changes with the series.
  if (serverVersion !== undefined && seriesOf(serverVersion) !== seriesOf(server.version)) {
    return `the full copy ${key} is of version ${serverVersion}, the server is ${server.version} now`;
  }
  if (server.lsn !== undefined && server.lsn < parent.lsn) {
    return `the server is at LSN ${server.lsn}, before the ${parent.lsn} of the full copy ${key}: it was initialised or restored since`;
  }
  return undefined;
}

/** `10.11` of `10.11.6-MariaDB-log`. */
function seriesOf(version: string): string {
  return /^\d+\.\d+/.exec(version)?.[0] ?? version;
}
