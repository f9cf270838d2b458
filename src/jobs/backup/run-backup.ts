import type { RunType } from '../../copies/run-type.ts';
import { describeError, LockTimeoutError, TwinDbError } from '../../errors.ts';
import { exportReport } from '../../exporters/export-report.ts';
import type { JobContext } from '../job-context.ts';
import { openPlaces, type Places } from '../record/open-places.ts';
import { type CopyPlace, type CopyPlaces, finishAllDeletions } from '../record/record-copy.ts';
import { LOCK_WAIT, withRunLock } from '../with-run-lock.ts';
import { backUpDirectory } from './back-up-directory.ts';
import { type Attempt, backUpServer, type RunParts } from './back-up-server.ts';
import { recordMeasure } from './measures.ts';
import { createRunRecord, directoryPart, listConfigured } from './run-record.ts';

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
  const report = () =>
    exportReport(
      config.export,
      { host, outcomes: record.outcomes(), configured: listConfigured(config) },
      log,
    );
  try {
    const parts = { runType, binlogsOnly, record };
    const waiting = { waitSeconds: LOCK_WAIT[runType], ...lock };
    const succeeded = await withRunLock(waiting, context, (locked) => runLocked(parts, locked));
    await report();
    return succeeded;
  } catch (error) {
    // The next hourly run is near, and cron would send a mail each hour of a long daily one.
    if (error instanceof LockTimeoutError && runType === 'hourly') {
      log.debug(error.message);
      return true;
    }
    await report();
    throw error;
  }
}

async function runLocked(parts: RunParts, context: JobContext): Promise<boolean> {
  const { config, log, now } = context;
  const start = now();
  const places = openPlaces(context);
  let succeeded = true;
  const attempt: Attempt = async (work, title) => {
    try {
      await work();
      return true;
    } catch (cause) {
      context.signal.throwIfAborted();
      log.error(describeError(title === undefined ? cause : new TwinDbError(title, { cause })));
      succeeded = false;
      return false;
    }
  };
  await requireReadableStatus(places, context);
  // Copies that cannot be removed keep nobody from making new ones, and are reported once.
  let canDelete = await attempt(() => finishAllDeletions(places.files));
  await removeLeftovers(places, context);
  for (const path of parts.binlogsOnly ? [] : config.source.backupDirs) {
    await attempt(
      () =>
        parts.record.note(directoryPart(path), () =>
          backUpDirectory(path, parts.runType, places.files, context),
        ),
      `Cannot back up ${path}`,
    );
    if (canDelete) canDelete = await attempt(() => finishAllDeletions(places.files));
  }
  await backUpServer(parts, places, attempt, context);
  if (config.source.backupDirs.length === 0 && config.mysql === undefined) await attempt(refuseNothing);
  recordMeasure(config.measuresLog, { start, finish: now() }, log);
  return succeeded;
}

function allOf<S>({ remote, local }: CopyPlaces<S>): CopyPlace<S>[] {
  return local === undefined ? [remote] : [remote, local];
}

/** A destination that cannot be reached, or a status that cannot be read, would fail each directory in the same way. */
async function requireReadableStatus({ files }: Places, { signal }: JobContext): Promise<void> {
  try {
    for (const place of allOf(files)) await place.status.read();
  } catch (cause) {
    signal.throwIfAborted();
    throw new TwinDbError('Nothing was backed up', { cause });
  }
}

/** Removes half-written objects that an interrupted run of this host has left. */
async function removeLeftovers({ files }: Places, { host, log }: JobContext): Promise<void> {
  for (const { destination } of allOf(files)) {
    try {
      for (const removed of await destination.sweep(host)) log.debug(`Removed ${removed}`);
    } catch (error) {
      // Leftovers cost space, a missing backup costs more.
      log.warn(`Cannot remove what earlier runs left half-written: ${describeError(error)}`);
    }
  }
}

async function refuseNothing(): Promise<void> {
  throw new TwinDbError('Nothing was backed up: the configuration names no directory and no server', {
    remedy: 'Name directories in [source] backup_dirs.',
  });
}
