import { openCatalogue } from '../../catalogue/catalogue.ts';
import { recordOf } from '../../catalogue/keep-trusted.ts';
import { findMysqlChain, type MysqlChain } from '../../catalogue/mysql-chain.ts';
import { LATEST } from '../../catalogue/newest-copies.ts';
import { describeError } from '../../errors.ts';
import type { RestoredData } from '../../mysql/copy/advice.ts';
import { adviseReplay, commandWith, type ReplayKnowledge } from '../../mysql/copy/advise-replay.ts';
import { adviseReplication } from '../../mysql/copy/advise-replication.ts';
import { programsByStatus } from '../../mysql/copy/copy-programs.ts';
import { findInterruptedFrom } from '../install/find-installs.ts';
import { type InstallOptions, install, prepareInstall, resumeInstall } from '../install/install.ts';
import { type RestoredCopy, readRestored } from '../install/restored-record.ts';
import type { JobContext } from '../job-context.ts';
import { findHostBinlogs, findReplay } from './find-replay.ts';
import { findLatestMysql, type LatestOptions } from './latest-copy.ts';
import { placeRestored } from './place-restored.ts';
import { rebuildMysql } from './rebuild-mysql.ts';
import { timeRestore } from './time-restore.ts';

interface RestoreMysqlOptions {
  /** The datadir to make; must be empty or absent. */
  readonly dst: string;
  /** Folder that keeps extracted full copies for later restores. */
  readonly cache: string | undefined;
  /** Which copy `latest` is; by default the newest one of this host. */
  readonly latest?: LatestOptions;
  /** Put the data into place on this host; absent: the steps say how. */
  readonly install?: InstallOptions | undefined;
}

/**
 * Makes a datadir of a full or incremental copy, and puts it into place where that is asked for. `wanted` is what `ls` prints, or `latest`. Returns the
 * next steps, a line each. When the restore fails, `dst` is left empty.
 */
export async function restoreMysql(
  wanted: string,
  { dst, cache, latest, install: installing }: RestoreMysqlOptions,
  context: JobContext,
): Promise<string[]> {
  const catalogue = openCatalogue(context);
  const { host, now } = context;
  const options = latest ?? { host, before: undefined };
  const copy = wanted === LATEST ? await findLatestMysql(options, catalogue, now()) : wanted;
  const chain = await findMysqlChain(copy, catalogue);
  const cacheFolder = cache === undefined ? undefined : { dir: cache };
  if (installing !== undefined) {
    const record = recordOf(chain.incremental ?? chain.full);
    const { flavour } = await programsByStatus(record, context);
    const target = { dst, flavour, config: record?.config ?? [], setup: record?.serverSetup };
    // What would keep the data from their place is said before hours of work.
    const interrupted = await prepareInstall(target, context);
    if (interrupted !== undefined) {
      const { lines, oldLogs } = await resumeInstall(interrupted, installing, context);
      return [...lines, ...(await adviseAfter(interrupted.restored, oldLogs, context))];
    }
  }
  // Asked before: once the data are there, nothing may keep the operator from them.
  const binlogs = await findHostBinlogs(chain, catalogue);
  const data = await timeRestore('mysql', context, () => rebuildMysql(chain, dst, cacheFolder, context));
  const restored = { copy: keyOf(chain), data, isAtTarget: false };
  const { lines, oldLogs } = await placeRestored(restored, installing, context);
  return [...lines, ...advise(data, findReplay(chain, data, binlogs), oldLogs, context)];
}

/** Puts into place what was restored to `dst` earlier, or goes on with that. Returns the next steps, a line each. */
export async function installRestored(
  dst: string,
  options: InstallOptions,
  context: JobContext,
): Promise<string[]> {
  const interrupted = await findInterruptedFrom(dst);
  const restored = interrupted?.restored ?? (await readRestored(dst));
  const found = await prepareInstall(restored.data, context);
  const { lines, oldLogs } = await (found === undefined
    ? install(restored, options, context)
    : resumeInstall(found, options, context));
  return [...lines, ...(await adviseAfter(restored, oldLogs, context))];
}

function keyOf({ full, incremental }: MysqlChain): string {
  return (incremental ?? full)[0]?.object.key ?? '';
}

/** What there is to say of the logs, of a copy that was restored by another call. */
async function adviseAfter(
  { copy, data, isAtTarget }: RestoredCopy,
  oldLogs: string | undefined,
  context: JobContext,
): Promise<string[]> {
  if (isAtTarget) return adviseReplication(data);
  let replay: ReplayKnowledge;
  try {
    const catalogue = openCatalogue(context);
    const chain = await findMysqlChain(copy, catalogue);
    replay = findReplay(chain, data, await findHostBinlogs(chain, catalogue));
  } catch (error) {
    context.signal.throwIfAborted();
    // The data are in place.
    replay = { kind: 'unknown', reason: describeError(error) };
  }
  return advise(data, replay, oldLogs, context);
}

function advise(
  data: RestoredData,
  replay: ReplayKnowledge,
  oldLogs: string | undefined,
  { configFile }: JobContext,
): string[] {
  const means = { command: commandWith(configFile), oldLogs };
  return [...adviseReplay(data, replay, means), ...adviseReplication(data)];
}
