import type { RunType } from '../copies/run-type.ts';
import { describeError, LockTimeoutError, TwinDbError } from '../errors.ts';
import { holdLock } from '../lock/run-lock.ts';
import type { Log } from '../log.ts';
import { backUpDirectory } from './back-up-directory.ts';
import { backUpServer, type RunParts } from './back-up-server.ts';
import type { JobContext } from './job-context.ts';
import { recordMeasure } from './measures.ts';
import { openPlaces, type Places } from './open-places.ts';
import { finishAllDeletions } from './record-copy.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;

/** How long a run waits for the one before it, in seconds: half its interval (contract: what a run does). */
const LOCK_WAIT: Readonly<Record<RunType, number>> = {
  hourly: HOUR / 2,
  daily: DAY / 2,
  weekly: 3.5 * DAY,
  monthly: 15 * DAY,
  yearly: 182.5 * DAY,
};

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
  const { config, log } = context;
  if (!config.intervals[runType]) {
    log.debug(`[intervals] run_${runType} is off: nothing to do`);
    return true;
  }
  const lost = new AbortController();
  const signal = AbortSignal.any([context.signal, lost.signal]);
  const onLost = (error: Error) => lost.abort(error);
  try {
    await using _lock = await holdLock({ waitSeconds: LOCK_WAIT[runType], ...lock, signal, onLost });
    return await runLocked({ runType, binlogsOnly }, { ...context, signal });
  } catch (error) {
    // The next hourly run is near, and cron would send a mail each hour of a long daily one.
    if (!(error instanceof LockTimeoutError) || runType !== 'hourly') throw error;
    log.debug(error.message);
    return true;
  }
}

async function runLocked(parts: RunParts, context: JobContext): Promise<boolean> {
  const { config, log, now } = context;
  const start = now();
  const places = openPlaces(context);
  try {
    await cleanUpAfterEarlierRuns(places, context);
  } catch (cause) {
    context.signal.throwIfAborted();
    throw new TwinDbError('Nothing was backed up', { cause });
  }
  let succeeded = true;
  const attempt = async (title: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      context.signal.throwIfAborted();
      log.error(describeError(new TwinDbError(title, { cause: error })));
      succeeded = false;
    }
  };
  for (const path of parts.binlogsOnly ? [] : config.source.backupDirs) {
    await attempt(`Cannot back up ${path}`, () =>
      backUpDirectory(path, parts.runType, places.files, context),
    );
  }
  await attempt('Cannot back up MySQL', () => backUpServer(parts, places, attempt, context));
  warnOfMissingParts(config, log);
  recordMeasure(config.measuresLog, { start, finish: now() }, log);
  return succeeded;
}

/** Finishes deletions of directories' copies and removes half-written objects that an interrupted run of this host has left. */
async function cleanUpAfterEarlierRuns(
  { files }: Places,
  { host, log, remote, local }: JobContext,
): Promise<void> {
  await finishAllDeletions(files);
  for (const destination of local === undefined ? [remote] : [remote, local]) {
    try {
      for (const removed of await destination.sweep(host)) log.debug(`Removed ${removed}`);
    } catch (error) {
      // Leftovers cost space, a missing backup costs more.
      log.warn(`Cannot remove what earlier runs left half-written: ${describeError(error)}`);
    }
  }
}

/** What is configured and not done is never passed over in silence. */
function warnOfMissingParts({ export: exporter }: JobContext['config'], log: Log): void {
  if (exporter) log.warn('This version does not export metrics, although there is an [export] section');
}
