import { type Command, Option } from 'commander';
import { unquoteLocation } from '../copies/quote-location.ts';
import { ACCEPT, trimSlashes } from './shared-arguments.ts';
import type { Start } from './start.ts';
import { addTargetOptions } from './target-options.ts';

/** Adds `verify` with its commands; `start` makes their actions. */
export function addVerifyCommands(program: Command, start: Start): void {
  const verify = program
    .command('verify')
    .description('Find out whether a copy can be restored.')
    .helpCommand(false);
  verify
    .command('file')
    .description(
      'Read a copy of a directory to its end without unpacking it to a disk, and print as JSON whether it is as it was stored.',
    )
    .argument(
      '[copy]',
      'as restore file takes it, or "latest": the newest one of each directory in backup_dirs; without it the copies are listed',
      unquoteLocation,
    )
    .option('--source <dir>', 'with latest: only the newest copy of this directory', trimSlashes)
    .option('--hostname <host>', 'whose latest copies (default: this host)')
    .option('--json', 'print JSON, as without this option')
    .option(...ACCEPT)
    .action(start(async () => (await import('../commands/verify-file.ts')).verifyFile));
  addTargetOptions(
    verify
      .command('mysql')
      .description('Restore a copy of MySQL, and print as JSON whether that went well and how long it took.')
      .argument(
        '[copy]',
        'as restore mysql takes it, or "latest"; without it the copies are listed',
        unquoteLocation,
      )
      .option(
        '--dst <dir>',
        'restore here and leave it (default: a temporary directory, removed afterwards)',
      ),
  )
    .option('--more-logs <dir>', 'with --to-…: also the binary logs in this folder')
    .option('--hostname <host>', 'whose latest copy (default: this host)')
    .option(
      '--boot',
      'start a private server on what was restored, check all its tables, and compare them with those the server had',
    )
    .addOption(
      new Option(
        '--sql <file>',
        'run the statements of this file there, too, and compare what they answer with its lines "-- expect: VALUE"; implies --boot',
      ).implies({ boot: true }),
    )
    .option('--json', 'print JSON, as without this option')
    .option(...ACCEPT)
    .action(start(async () => (await import('../commands/verify-mysql.ts')).verifyMysql));
}
