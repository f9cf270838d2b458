import { existsSync } from 'node:fs';
import type { RunType } from '../copies/run-type.ts';
import { connectMysql } from '../mysql/server.ts';
import { backUpBinlogs } from './back-up-binlogs.ts';
import { backUpMysql } from './back-up-mysql.ts';
import type { JobContext } from './job-context.ts';
import type { Places } from './open-places.ts';
import { finishAllDeletions } from './record-copy.ts';

/** Reports the failure of a part of the run, below its title, and lets the rest go on. Tells whether it succeeded. */
export type Attempt = (work: () => Promise<void>, title?: string) => Promise<boolean>;

/** What a run backs up. */
export interface RunParts {
  readonly runType: RunType;
  /** Neither directories nor the server's data. */
  readonly binlogsOnly: boolean;
}

/** The server's data, when backup_mysql is on, and its binary logs, whenever there is a [mysql] section. */
export async function backUpServer(
  { runType, binlogsOnly }: RunParts,
  places: Places,
  attempt: Attempt,
  context: JobContext,
): Promise<void> {
  const { log } = context;
  const { mysql, source } = context.config;
  if (mysql === undefined) {
    log.debug('There is no [mysql] section: no server to back up');
    return;
  }
  if (!source.backupMysql && !existsSync(mysql.defaultsFile)) {
    log.debug(`backup_mysql is off and ${mysql.defaultsFile} is absent: no binary logs to copy`);
    return;
  }
  // One connection, so that a server that cannot be reached is one failure.
  await using server = await connectMysql(mysql, log, context.signal);
  if (source.backupMysql && !binlogsOnly) {
    await attempt(() => backUpMysql(server, mysql, runType, places.mysql, context), 'Cannot back up MySQL');
    await attempt(() => finishAllDeletions(places.mysql));
  }
  await attempt(() => backUpBinlogs(server, mysql, places.binlogs, context), 'Cannot back up binary logs');
  await attempt(() => finishAllDeletions(places.binlogs));
}
