import type { RunType } from '../copies/run-type.ts';
import { runBackup } from '../jobs/backup/run-backup.ts';
import type { CommandContext } from './command.ts';

interface BackupOptions {
  readonly lockFile: string;
  readonly binlogsOnly?: boolean;
}

/** One run of a cron entry. */
export function backup(
  runType: RunType,
  { lockFile, binlogsOnly = false }: BackupOptions,
  context: CommandContext,
): Promise<boolean> {
  return runBackup(runType, { lock: { path: lockFile }, binlogsOnly }, context);
}
