import { openCatalogue } from '../../catalogue/catalogue.ts';
import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import type { RecoveryTarget } from '../../mysql/binlog/recovery-target.ts';
import { commandWith } from '../../mysql/copy/advise-replay.ts';
import { adviseReplication } from '../../mysql/copy/advise-replication.ts';
import { quote } from '../../mysql/copy/quote.ts';
import { flavourOf } from '../../mysql/flavours.ts';
import { type InstallOptions, prepareInstall } from '../install/install.ts';
import type { JobContext } from '../job-context.ts';
import { placeRestored } from '../restore/place-restored.ts';
import { timeRestore } from '../restore/time-restore.ts';
import { findStop } from './find-stop.ts';
import { planRecovery } from './plan-recovery.ts';
import { type RecoveredData, recoverData } from './recover-data.ts';
import type { RecoveryPlan, StopPoint } from './recovery-plan.ts';
import { describeFilters, requireOwnLogs } from './require-own-logs.ts';
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
  /** What is looked at when all is planned, before anything large is fetched. */
  readonly beforeFetch?: (plan: RecoveryPlan) => Promise<void>;
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
  { dst, cache, above = [], beforeFetch, ...options }: RecoverOptions,
  context: JobContext,
): Promise<Recovery> {
  const catalogue = openCatalogue(context);
  const plan = await planRecovery(wanted, target, { ...options, onlyStatuses: false }, catalogue, context);
  if (plan.needed > 0) {
    requireOwnLogs(plan.copy);
    const filters = describeFilters(plan.copy);
    if (filters !== undefined) context.log.warn(filters);
  }
  const stop = await findStop(plan, context);
  await beforeFetch?.(plan);
  const place = { dst, above, cache: cache === undefined ? undefined : { dir: cache } };
  return { plan, stop, ...(await recoverData(plan, stop, place, context)) };
}

interface RecoverMysqlOptions extends Omit<RecoverOptions, 'above' | 'beforeFetch'> {
  /** Put the data into place on this host; absent: the steps say how. */
  readonly install?: InstallOptions | undefined;
}

/**
 * Does the same, puts the data into place where that is asked for, and returns what the operator has to know of it, a line each: up to where the data
 * are, and the next steps.
 */
export async function recoverMysql(
  wanted: string,
  target: RecoveryTarget,
  { install, ...options }: RecoverMysqlOptions,
  context: JobContext,
): Promise<string[]> {
  // What would keep the data from their place is said before hours of work.
  const beforeFetch = async ({ copy }: RecoveryPlan): Promise<void> => {
    if (install !== undefined) await requirePlace(copy, options.dst, context);
  };
  const recovery = await timeRestore('mysql', context, () =>
    recover(wanted, target, { ...options, beforeFetch }, context),
  );
  const { plan, data } = recovery;
  const restored = { copy: plan.copy.key, data, isAtTarget: true };
  const { lines } = await placeRestored(restored, install, context);
  return [...tellRecovery(recovery), ...lines, ...adviseReplication(data)];
}

async function requirePlace(
  { serverVendor, serverVersion, config, serverSetup: setup }: MysqlCopy,
  dst: string,
  context: JobContext,
): Promise<void> {
  const flavour = flavourOf(serverVendor, serverVersion);
  const interrupted = await prepareInstall({ dst, flavour, config, setup }, context);
  if (interrupted === undefined) return;
  throw new TwinDbError(`An install of what was restored to ${quoteLocation(dst)} earlier was interrupted`, {
    remedy: `Go on with it: ${commandWith(context.configFile)} restore mysql --install --dst ${quote(dst)}`,
  });
}
