import type { RunType } from '../copies/run-type.ts';
import { UsageError } from '../errors.ts';
import { runBackup } from '../jobs/backup/run-backup.ts';
import type { CommandContext } from './command.ts';

interface BackupOptions {
  readonly lockFile: string;
  readonly binlogsOnly?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** One run of a cron entry, or what it would do. */
export async function backup(
  runType: RunType,
  { lockFile, binlogsOnly = false, dryRun = false, json = false }: BackupOptions,
  context: CommandContext,
): Promise<boolean> {
  if (dryRun) {
    const { printRehearsal } = await import('./rehearse-backup.ts');
    return await printRehearsal(runType, { binlogsOnly, json }, context);
  }
  if (json) throw new UsageError('--json goes with --dry-run: a backup prints nothing when all went well');
  return await runBackup(runType, { lock: { path: lockFile }, binlogsOnly }, context);
}
