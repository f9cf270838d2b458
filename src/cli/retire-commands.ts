import type { Command } from 'commander';
import { collectCopies, LOCK_FILE } from './shared-arguments.ts';
import type { Start } from './start.ts';

const LISTED_HELP = 'what ls prints, keys, or names that only one copy has';

const WHOSE_HELP = 'whose copies (default: this host)';

/** Adds `pin`, `unpin`, `prune` and `delete`; `start` makes their actions. */
export function addRetireCommands(program: Command, start: Start): void {
  program
    .command('pin')
    .description(
      'Keep copies whatever retention says, and the full copies that they continue. They stay besides as many as the configuration keeps.',
    )
    .argument('<copies...>', LISTED_HELP, collectCopies)
    .option('--reason <text>', 'why, as ls --long shows it')
    .option('--hostname <host>', WHOSE_HELP)
    .action(start(async () => (await import('../commands/pin.ts')).pin));

  program
    .command('unpin')
    .description('Take a pin back: retention decides about the copies again.')
    .argument('<copies...>', LISTED_HELP, collectCopies)
    .option('--hostname <host>', WHOSE_HELP)
    .action(start(async () => (await import('../commands/pin.ts')).unpin));

  program
    .command('prune')
    .description('Delete what the configured retention no longer keeps of this host, without a backup.')
    .option('--dry-run', 'say what would be deleted and why, and delete nothing')
    .option('--lock-file <path>', 'as for backup', LOCK_FILE)
    .option('--json', 'print one JSON document with what is decided about each copy')
    .action(start(async () => (await import('../commands/prune.ts')).prune));

  program
    .command('delete')
    .description('Delete copies, at the destination and in keep_local_path. Asks on a terminal.')
    .argument(
      '<copies...>',
      'what ls prints, keys, or names that only one copy has; a path in keep_local_path means the copy there only',
      collectCopies,
    )
    .option('--with-incrementals', 'delete the incremental copies too that continue a full one')
    .option('--hostname <host>', `${WHOSE_HELP}; also what another machine of that name has made`)
    .option('-y, --yes', 'do not ask')
    .option('--dry-run', 'say what would be deleted, and delete nothing')
    .option('--lock-file <path>', 'as for backup', LOCK_FILE)
    .option('--json', 'print one JSON document with what was deleted')
    .action(start(async () => (await import('../commands/delete.ts')).deleteCopies));
}
