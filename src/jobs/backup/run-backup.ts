import { quoteLocation } from '../../copies/quote-location.ts';
import { isSoonRunAgain, RUN_TYPE_TABLE, type RunType } from '../../copies/run-type.ts';
import { describeError, LockTimeoutError, OutgrownError, TwinDbError } from '../../errors.ts';
import { exportReport } from '../../exporters/export-report.ts';
import { thisMachine } from '../../lock/machine-id.ts';
import type { ToldWarnings } from '../../status/told-warnings.ts';
import { toSeconds } from '../../units.ts';
import { ownAccounts } from '../../writers.ts';
import { findFolderWriters } from '../folder-writers.ts';
import type { JobContext } from '../job-context.ts';
import { findLostCopies } from '../record/lost-copies.ts';
import { openPlaces, type PlacesOfKinds } from '../record/open-places.ts';
import { confirmEntries, finishAllDeletions, listPlaces } from '../record/record-copy.ts';
import { showStep } from '../show-step.ts';
import { lockWait, withRunLock } from '../with-run-lock.ts';
import { announce } from './announce.ts';
import { backUpDirectory } from './back-up-directory.ts';
import { type Attempt, backUpServer, type RunParts } from './back-up-server.ts';
import { requireDistinctPlaces } from './distinct-places.ts';
import { ensureKey, withUsableKeys } from './ensure-key.ts';
import { keepFailures } from './failures.ts';
import { withHooks } from './hooks.ts';
import { recallWarnings, rememberedBy, withRemembered } from './lasting-warnings.ts';
import { recordMeasure } from './measures.ts';
import { createRunRecord, directoryPart, listConfigured, listDirectories } from './run-record.ts';
import { warnOfLostStatus } from './warn-of-lost-status.ts';

interface RunOptions {
  /** Neither directories nor the server's data. */
  readonly binlogsOnly?: boolean;
  readonly lock: RunLock;
}

interface RunLock {
  /** The lock is the folder `PATH.lock`. */
  readonly path: string;
  /** How long to wait for another run; by default half the interval of the run type. */
  readonly waitSeconds?: number;
}

/**
 * Everything one cron entry does. Reports each failure where it happens and goes on with what is left; returns whether
 * all went well.
 */
export async function runBackup(
  runType: RunType,
  { lock, binlogsOnly = false }: RunOptions,
  context: JobContext,
): Promise<boolean> {
  const { config, host, log } = context;
  if (!config.intervals[runType]) {
    log.debug(`[intervals] run_${runType} is off: nothing to do`);
    return true;
  }
  const record = createRunRecord({ runType, binlogsOnly }, context);
  const failures = keepFailures(context);
  const tell = (moment: 'start' | 'success' | 'failure', error?: unknown): Promise<void> =>
    announce({ moment, runType, outcomes: record.outcomes(), failures: failures.describe(error) }, context);
  const report = async (succeeded: boolean, error?: unknown): Promise<void> => {
    const outcomes = record.outcomes();
    await exportReport(config.export, { host, outcomes, configured: listConfigured(config) }, log);
    await tell(succeeded ? 'success' : 'failure', error);
  };
  try {
    const parts = { runType, binlogsOnly, record };
    const holding = { what: `the ${runType} backup`, limitSeconds: RUN_TYPE_TABLE[runType].interval };
    const waiting = { waitSeconds: lockWait(runType), holding, ...lock };
    const succeeded = await withRunLock(waiting, { ...context, log: failures.log }, async (locked) => {
      await tell('start');
      return await withHooks({ runType, failures }, locked, () => runLocked(parts, locked));
    });
    await report(succeeded);
    return succeeded;
  } catch (error) {
    // Else cron would send a mail each hour of a long daily run. But one that never ends is news.
    if (error instanceof LockTimeoutError && isSoonRunAgain(runType) && !error.isOverdue) {
      log.debug(error.message);
      return true;
    }
    await report(false, error);
    throw error;
  }
}

async function runLocked(parts: RunParts, locked: JobContext): Promise<boolean> {
  const { config, log, now } = locked;
  const start = now();
  let succeeded = true;
  const given = withUsableKeys(locked, (cause) => {
    log.error(describeError(new TwinDbError('The copies of this run are not signed', { cause })));
    succeeded = false;
  });
  const places = await openPlaces(given);
  const attempt: Attempt = async (work, title) => {
    try {
      await work();
      return true;
    } catch (cause) {
      given.signal.throwIfAborted();
      log.error(describeError(title === undefined ? cause : new TwinDbError(title, { cause })));
      succeeded = false;
      // At once: what comes next may take hours, and end with a signal.
      if (cause instanceof OutgrownError) await remember({ complete: false });
      return false;
    }
  };
  const told = await readStatuses(places, given);
  // Before anything is deleted.
  await requireDistinctPlaces(given);
  const machineId = given.machineId();
  const warnings = recallWarnings(rememberedBy(machineId, told), toSeconds(start), (title) =>
    // Of a directory it is its path.
    title.startsWith('/') ? config.source.backupDirs.includes(title) : config.mysql !== undefined,
  );
  const context: JobContext = {
    ...given,
    outgrown: warnings.outgrown,
    warnLasting: (state, message, essence) =>
      log[warnings.isDue(state, message, essence) ? 'warn' : 'debug'](message),
  };
  const remember = async (options: { readonly complete: boolean }): Promise<void> => {
    const own = warnings.remember(options);
    if (own !== undefined) await rememberWarnings(own, places, context);
  };
  await noticeLostCopies(places, context);
  if (succeeded) await ensureKey(places, context);
  await warnOfLostStatus(places, parts, context);
  await warnOfWriters(context);
  // Copies that cannot be removed keep nobody from making new ones, and are reported once.
  const finishDeletions = () =>
    attempt(() => showStep(context, ['Deleting expired copies'], () => finishAllDeletions(places.files)));
  let canDelete = await finishDeletions();
  await removeLeftovers(places, context);
  for (const path of parts.binlogsOnly ? [] : listDirectories(config, parts.runType)) {
    await attempt(
      () =>
        parts.record.note(directoryPart(path), () =>
          showStep(context, ['Backing up', path], () =>
            backUpDirectory(path, parts.runType, places.files, context),
          ),
        ),
      `Cannot back up ${path}`,
    );
    if (canDelete) canDelete = await finishDeletions();
  }
  await showStep(context, ['Backing up', 'mysql'], () => backUpServer(parts, places, attempt, context));
  if (config.source.backupDirs.length === 0 && config.mysql === undefined) await attempt(refuseNothing);
  // A run type that leaves the directories out shows nothing of their states.
  const isWhole = !parts.binlogsOnly && config.source.runTypes.includes(parts.runType);
  await remember({ complete: succeeded && isWhole });
  for (const kept of Object.values(places)) await attempt(() => confirmEntries(kept));
  await recordMeasure(config.measuresLog, { start, finish: now() }, log);
  return succeeded;
}

/**
 * Reads the statuses of directories: a destination that cannot be reached, or a status that cannot be read, would fail each
 * directory in the same way. Returns the warnings that the destination's remembers.
 */
async function readStatuses({ files }: PlacesOfKinds, { signal }: JobContext): Promise<ToldWarnings> {
  try {
    const [{ told = {} }] = await Promise.all([files.destination.status.read(), files.local?.status.read()]);
    return told;
  } catch (cause) {
    signal.throwIfAborted();
    throw new TwinDbError('Nothing was backed up', { cause });
  }
}

/** Throws a TwinDbError when a destination that has lost the copies of this host is to get no more. */
async function noticeLostCopies(places: PlacesOfKinds, context: JobContext): Promise<void> {
  const lost = await findLostCopies(places, context);
  if (lost === undefined) return;
  const { message, remedy } = lost;
  if (!context.config.mustExist) context.warnLasting('lost copies', `${message}\n${remedy}`);
  else
    throw new TwinDbError(`Nothing was backed up: ${message}, and [destination] must_exist is set`, {
      remedy,
    });
}

/** Keeps in the status of directories what this machine has warned of. */
async function rememberWarnings(
  own: ToldWarnings,
  { files: { destination } }: PlacesOfKinds,
  { log, signal, machineId, now }: JobContext,
): Promise<void> {
  try {
    await destination.status.change((stored) => ({
      ...stored,
      told: withRemembered(machineId(), own, { told: stored.told ?? {}, now: toSeconds(now()) }),
    }));
  } catch (error) {
    signal.throwIfAborted();
    // The next run says them again; a copy that outgrew its plan fails once more, and says so.
    log.debug(`Cannot remember the warnings of this run: ${describeError(error)}`);
  }
}

/** Who else may change what this run goes by, and the copies that it keeps on this machine. */
async function warnOfWriters({ config, doubts, warnLasting }: JobContext): Promise<void> {
  for (const { state, message } of doubts) warnLasting(state, message);
  const path = config.keepLocalPath;
  if (path === undefined) return;
  // A folder that cannot be looked at cannot be written to either, and then says so itself.
  const reason = await findFolderWriters(path, ownAccounts()).catch(() => undefined);
  if (reason === undefined) return;
  warnLasting(
    `writers of ${path}`,
    `Other accounts may change the copies in keep_local_path ${path}, which restores use: ${reason}`,
  );
}

/** Removes half-written objects that an interrupted run of this host has left. */
async function removeLeftovers(
  { files }: PlacesOfKinds,
  { host, log, warnLasting }: JobContext,
): Promise<void> {
  const { problem } = thisMachine();
  if (problem !== undefined) {
    log.debug(
      `The ID of this machine cannot be kept, so partial files of killed runs stay for a day: ${problem}`,
    );
  }
  for (const { destination } of listPlaces(files)) {
    try {
      for (const removed of await destination.sweep(host)) log.debug(`Removed ${quoteLocation(removed)}`);
    } catch (error) {
      // Leftovers cost space, a missing backup costs more.
      warnLasting(
        `leftovers on ${destination.url}`,
        `Cannot remove partial files left by earlier runs: ${describeError(error)}`,
      );
    }
  }
}

async function refuseNothing(): Promise<void> {
  throw new TwinDbError('Nothing was backed up: the configuration names no directory and no server', {
    remedy: 'Name directories in [source] backup_dirs.',
  });
}
