import { RUN_TYPES } from '../../copies/run-type.ts';
import { TwinDbError } from '../../errors.ts';
import { hasServer } from '../backup/run-record.ts';
import type { DoctorContext, Report } from './finding.ts';

/** What was doubtful when the configuration was read, and what it backs up. */
export async function examineConfiguration({ config, doubts }: DoctorContext, report: Report): Promise<void> {
  for (const { message } of doubts) report.warn(message);
  const { backupDirs, backupMysql } = config.source;
  const directories = backupDirs.length === 1 ? '1 directory' : `${backupDirs.length} directories`;
  const server = backupMysql ? ', the server' : '';
  const logs = hasServer(config) ? ', its binary logs' : '';
  if (backupDirs.length === 0 && config.mysql === undefined) {
    throw new TwinDbError(`${config.file} names nothing to back up`, {
      remedy: 'Name directories in [source] backup_dirs.',
    });
  }
  const off = RUN_TYPES.filter((runType) => !config.intervals[runType]);
  const idle = off.length === 0 ? '' : `; off: ${off.join(', ')}`;
  report.ok(`${config.file}: ${directories}${server}${logs}${idle}`);
}
