import type { Command } from 'commander';
import { LOCK_FILE } from './shared-arguments.ts';
import type { Start } from './start.ts';

/** Adds `stream binlog`; `start` makes its action, of a service. */
export function addStreamCommand(program: Command, start: Start): void {
  const stream = program
    .command('stream')
    .description('Store what a server writes, as it writes it.')
    .helpCommand(false);
  stream
    .command('binlog')
    .description(
      'Store the binary logs of the MySQL server every few seconds, in parts, until told to end; closed logs are stored as by backup.',
    )
    .option('--lock-file <path>', 'as for backup, while a closed log is stored', LOCK_FILE)
    .action(start(async () => (await import('../commands/stream-binlog.ts')).streamBinlogs));
}
