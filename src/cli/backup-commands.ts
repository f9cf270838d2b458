import { Argument, type Command } from 'commander';
import { RUN_TYPES } from '../copies/run-type.ts';
import { LOCK_FILE } from './shared-arguments.ts';
import type { Start } from './start.ts';

/** Adds `backup` and `doctor` to the command tree; `start` makes their actions. */
export function addBackupCommands(program: Command, start: Start): void {
  program
    .command('backup')
    .description('Take the backups of one run type, as cron does. Prints nothing when all went well.')
    .addArgument(new Argument('<run-type>', 'which retention the copies fall under').choices(RUN_TYPES))
    .option('--lock-file <path>', 'runs with the same lock file wait for each other', LOCK_FILE)
    .option('--binlogs-only', 'copy the closed binary logs of the MySQL server, and nothing else')
    .option('--dry-run', 'say what would be stored and what retention would delete, and why; changes nothing')
    .option('--json', 'with --dry-run: print one JSON document')
    .action(start(async () => (await import('../commands/backup.ts')).backup));

  program
    .command('doctor')
    .description(
      'Try everything that the next backup depends on, and say what to do about what does not work. Leaves nothing behind.',
    )
    .option('--lock-file <path>', 'as for backup', LOCK_FILE)
    .option('--json', 'print one JSON document with all findings')
    .action(start(async () => (await import('../commands/doctor.ts')).doctor));
}
