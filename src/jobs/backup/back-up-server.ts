import type { RunType } from '../../copies/run-type.ts';
import { connectMysql } from '../../mysql/server/server.ts';
import type { JobContext } from '../job-context.ts';
import type { Places } from '../record/open-places.ts';
import { finishAllDeletions } from '../record/record-copy.ts';
import { backUpBinlogs } from './back-up-binlogs.ts';
import { backUpMysql } from './back-up-mysql.ts';
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

/** The server's data, when backup_mysql is on, and its binary logs, whenever there is a [mysql] section. */
export async function backUpServer(
  { runType, binlogsOnly, record }: RunParts,
  places: Places,
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
  // One connection, so that a server that cannot be reached is one failure.
  await using server = await connectMysql(mysql, log, context.signal);
  if (source.backupMysql && !binlogsOnly) {
    const backUp = () => backUpMysql(server, mysql, runType, places.mysql, context);
    await attempt(() => record.note(MYSQL_PART, backUp), 'Cannot back up MySQL');
    await attempt(() => finishAllDeletions(places.mysql));
  }
  const copyLogs = () => backUpBinlogs(server, mysql, places.binlogs, context);
  await attempt(() => record.note(BINLOG_PART, copyLogs), 'Cannot back up binary logs');
  await attempt(() => finishAllDeletions(places.binlogs));
}
