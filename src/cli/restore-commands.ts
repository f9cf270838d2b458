import { type Command, Option } from 'commander';
import { unquoteLocation } from '../copies/quote-location.ts';
import { ACCEPT, beforeOption, collectCopies, LATEST_HELP, trimSlashes } from './shared-arguments.ts';
import type { Start } from './start.ts';
import { addTargetOptions } from './target-options.ts';

/** Adds `restore` with its commands; `start` makes their actions. */
export function addRestoreCommands(program: Command, start: Start): void {
  const restore = program.command('restore').description('Restore a copy.').helpCommand(false);
  restore
    .command('file')
    .description(
      'Restore a directory, or some paths of it. The files are below the target without their leading slash.',
    )
    .argument('[copy]', LATEST_HELP, unquoteLocation)
    .argument(
      '[paths...]',
      'files and folders, absolute as they were backed up, or relative to the directory (default: all)',
      collectCopies,
    )
    .option('--dst <dir>', 'where to restore; must be empty or absent', '.')
    .option('--glob', 'the paths are patterns: * ? [a-z] within a name, ** for any number of folders')
    .addOption(beforeOption())
    .option('--source <dir>', 'with latest: only copies of this directory', trimSlashes)
    .option('--hostname <host>', 'whose latest copy (default: this host)')
    .option('--keep-going', 'keep the rest when some files cannot be made here; exit code 1')
    .option(...ACCEPT)
    .action(start(async () => (await import('../commands/restore-file.ts')).restoreFile));
  addTargetOptions(
    restore
      .command('mysql')
      .description(
        'Make a data directory of a full or incremental copy, on which a server can start; as of any moment, with the binary logs.',
      )
      .argument('[copy]', LATEST_HELP, unquoteLocation)
      .option('--dst <dir>', 'where to restore; must be empty or absent', '.'),
  )
    .option(
      '--more-logs <dir>',
      'with --to-…: also the binary logs in this folder, such as those that a dead server has left',
    )
    .option('--plan', 'with --to-…: print what would be restored and replayed, and do nothing')
    .option('--json', 'with --plan: print one JSON document')
    .addOption(beforeOption())
    .option('--hostname <host>', 'whose latest copy (default: this host)')
    .option(
      '--cache <dir>',
      'keep extracted full copies here, and take them from here, for repeated restores',
    )
    .option(
      '--install',
      'put the data into place on this host, and what is there aside, as the printed steps would; without a copy those in --dst',
    )
    .option('--start', 'with --install or --uninstall: start the server then')
    .addOption(
      new Option(
        '--uninstall <date>',
        'have what was there before that install again, and its data aside; also the folder with the old data',
      ).conflicts('install'),
    )
    .option(...ACCEPT)
    .action(start(async () => (await import('../commands/restore-mysql.ts')).restoreMysql));
  addTargetOptions(
    restore
      .command('tables')
      .description(
        'Write tables of a copy of MySQL as files of SQL, one for each; as of any moment, with the binary logs. No running server is touched.',
      )
      .argument('<names...>', 'DB for all of a database, with views, routines and events, or DB.TABLE')
      .option('--dst <dir>', 'where to write the files; must be empty or absent', '.')
      .addOption(
        new Option('--copy <copy>', 'which copy, as restore mysql takes it (default: latest)').argParser(
          unquoteLocation,
        ),
      ),
  )
    .option('--more-logs <dir>', 'with --to-…: also the binary logs in this folder')
    .option('--hostname <host>', 'whose latest copy (default: this host)')
    .option(...ACCEPT)
    .action(start(async () => (await import('../commands/restore-tables.ts')).restoreTables));
  restore
    .command('binlog')
    .description('Fetch copies of binary logs, each under its own name.')
    .argument(
      '[copies...]',
      'what ls prints, keys or names; the suffixes may be left out; without it the copies are listed',
      collectCopies,
    )
    .option('--dst <dir>', 'where to put them; must be empty or absent', '.')
    .option(...ACCEPT)
    .action(start(async () => (await import('../commands/restore-binlog.ts')).restoreBinlog));
}
