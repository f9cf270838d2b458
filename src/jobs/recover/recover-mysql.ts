import { openCatalogue } from '../../catalogue/catalogue.ts';
import type { RecoveryTarget } from '../../mysql/binlog/recovery-target.ts';
import { adviseNextSteps } from '../../mysql/copy/advice.ts';
import { adviseReplication } from '../../mysql/copy/advise-replication.ts';
import type { JobContext } from '../job-context.ts';
import { THIS_HOST } from '../restore/steps-host.ts';
import { timeRestore } from '../restore/time-restore.ts';
import { findStop } from './find-stop.ts';
import { planRecovery } from './plan-recovery.ts';
import { type RecoveredData, recoverData } from './recover-data.ts';
import type { RecoveryPlan, StopPoint } from './recovery-plan.ts';
import { requireOwnLogs } from './require-own-logs.ts';
import { tellRecovery } from './tell-recovery.ts';

/** Whose data are recovered, and where they get to. */
export interface RecoverOptions {
  /** Whose copies `latest` chooses from. */
  readonly host: string;
  /** A folder with logs that the server has left; undefined: only copies are used. */
  readonly moreLogs: string | undefined;
  /** The datadir to make; must be empty or absent. */
  readonly dst: string;
  /** Folder that keeps extracted full copies for later restores. */
  readonly cache: string | undefined;
  /** Folders of ours above `dst`, the topmost first. */
  readonly above?: readonly string[];
}

/** A recovery, with all that is known of it. */
export interface Recovery extends RecoveredData {
  readonly plan: RecoveryPlan;
  readonly stop: StopPoint;
}

/**
 * Makes a datadir of a copy and of the binary logs up to a target. `wanted` is what `ls` prints, or `latest`: the newest copy before the target. What can
 * be known before anything large is fetched is found out first. When anything fails, `dst` is left empty. Throws a TwinDbError.
 */
export async function recover(
  wanted: string,
  target: RecoveryTarget,
  { dst, cache, above = [], ...options }: RecoverOptions,
  context: JobContext,
): Promise<Recovery> {
  const catalogue = openCatalogue(context);
  const plan = await planRecovery(wanted, target, { ...options, onlyStatuses: false }, catalogue, context);
  if (plan.needed > 0) requireOwnLogs(plan.copy);
  const stop = await findStop(plan, context);
  const place = { dst, above, cache: cache === undefined ? undefined : { dir: cache } };
  return { plan, stop, ...(await recoverData(plan, stop, place, context)) };
}

/** Does the same, and returns what the operator has to know of it, a line each: up to where the data are, and the next steps. */
export async function recoverMysql(
  wanted: string,
  target: RecoveryTarget,
  options: RecoverOptions,
  context: JobContext,
): Promise<string[]> {
  const recovery = await timeRestore('mysql', context, () => recover(wanted, target, options, context));
  return [
    ...tellRecovery(recovery),
    ...adviseNextSteps(recovery.data, THIS_HOST),
    ...adviseReplication(recovery.data),
  ];
}
