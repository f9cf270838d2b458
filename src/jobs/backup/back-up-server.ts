import type { RunType } from '../../copies/run-type.ts';
import { describeError } from '../../errors.ts';
import type { Part } from '../../exporters/report.ts';
import type { JobContext } from '../job-context.ts';
import type { PlacesOfKinds } from '../record/open-places.ts';
import { type CopyPlaces, finishAllDeletions } from '../record/record-copy.ts';
import { BINLOG_PART, hasServer, MYSQL_PART, type RunRecord } from './run-record.ts';

/** Reports the failure of a part of the run, below its title, and lets the rest go on. Tells whether it succeeded. */
export type Attempt = (work: () => Promise<void>, title?: string) => Promise<boolean>;

/** What a run backs up. */
export interface RunParts {
  readonly runType: RunType;
  /** Neither directories nor the server's data. */
  readonly binlogsOnly: boolean;
  /** Gets to know what comes of each part. */
  readonly record: RunRecord;
}

/** Titles of failures. */
const NO_DATA = 'Cannot back up MySQL';
const NO_LOGS = 'Cannot back up binary logs';

/** The server's data, when backup_mysql is on, and its binary logs, whenever there is a [mysql] section. */
export async function backUpServer(
  { runType, binlogsOnly, record }: RunParts,
  places: PlacesOfKinds,
  attempt: Attempt,
  context: JobContext,
): Promise<void> {
  const { config, log } = context;
  const { mysql, source } = config;
  if (mysql === undefined) {
    log.debug('There is no [mysql] section: no server to back up');
    return;
  }
  if (!hasServer(config)) {
    log.debug(`backup_mysql is off and ${mysql.defaultsFile} is absent: no binary logs to copy`);
    return;
  }
  const hasData = source.backupMysql && !binlogsOnly;
  const backUpPart = async (
    part: Part,
    work: () => Promise<number>,
    kept: CopyPlaces,
    title: string,
  ): Promise<void> => {
    const succeeded = await attempt(() => record.note(part, work), title);
    await (succeeded ? attempt(() => finishAllDeletions(kept)) : makeRoom(kept, context));
  };
  // One connection, so that a server that cannot be reached is one failure.
  const backUp = async (): Promise<void> => {
    // Loaded only here: most hosts have directories and no server.
    const [{ connectMysql }, { backUpMysql }, { backUpBinlogs }] = await Promise.all([
      import('../../mysql/server/server.ts'),
      import('./back-up-mysql.ts'),
      import('./back-up-binlogs.ts'),
    ]);
    await using server = await connectMysql(mysql, log, context.signal);
    const copyData = () => backUpMysql(server, mysql, runType, places.mysql, context);
    const copyLogs = () => backUpBinlogs(server, mysql, places.binlog, context);
    if (hasData) await backUpPart(MYSQL_PART, copyData, places.mysql, NO_DATA);
    await backUpPart(BINLOG_PART, copyLogs, places.binlog, NO_LOGS);
  };
  await attempt(backUp, hasData ? NO_DATA : NO_LOGS);
}

/**
 * Carries out what earlier runs decided to delete, after a backup that failed: it may be that very room that was missing.
 * When this fails too, a damaged status or a lost destination is the likely cause of both, which has been reported; what
 * only a deletion meets is reported by the next run whose backup succeeds, as it tries again.
 */
async function makeRoom(places: CopyPlaces, { log, signal }: JobContext): Promise<void> {
  try {
    await finishAllDeletions(places);
  } catch (error) {
    signal.throwIfAborted();
    log.debug(`After the failure: ${describeError(error)}`);
  }
}
