import { Argument, Command, Option } from 'commander';
import type { CommandContext } from '../commands/command.ts';
import { MEDIA } from '../copies/key.ts';
import { unquoteLocation } from '../copies/quote-location.ts';
import { RUN_TYPES } from '../copies/run-type.ts';
import { addCloneCommand } from './clone-command.ts';
import { parseDuration } from './parse-duration.ts';
import { parseMoment } from './parse-moment.ts';
import { parseSample } from './parse-sample.ts';
import { startWith } from './start.ts';
import { addTargetOptions } from './target-options.ts';
import { version } from './version.ts';

/** Options that stand before the command. */
export interface GlobalOptions {
  readonly debug?: boolean;
  /** Neither progress nor remarks: only warnings, errors and results. */
  readonly quiet?: boolean;
  readonly logFormat: 'json' | 'text';
  readonly config: string;
  readonly xtrabackupBinary?: string;
}

/** Runs a command with the context that the global options describe; the result says whether all went well. */
type Runner = (
  globals: GlobalOptions,
  command: (context: CommandContext) => Promise<boolean>,
) => Promise<void>;

/** The configuration file where the command line names none. */
export const DEFAULT_CONFIG_FILE = '/etc/twindb/twindb-backup.cfg';

const LOCK_FILE = '/var/run/twindb-backup.lock';

const COPY_HELP = 'what ls prints, a key, or a name that only one copy has; without it the copies are listed';

const LATEST_HELP =
  'what ls prints, a key, a name that only one copy has, or "latest"; without it the copies are listed';

const ACCEPT = [
  '--accept-unauthenticated',
  'also copies that no key of this machine has signed, although one should have',
] as const;

function collectCopies(copy: string, before: readonly string[] = []): string[] {
  return [...before, unquoteLocation(copy)];
}

function beforeOption(): Option {
  return new Option(
    '--before <time>',
    'with latest: a copy that was finished by then, as 2026-01-31, "2026-01-31 14:30" or 2026-01-31T14:30Z',
  ).argParser(parseMoment);
}

/** A directory as the status has it. */
function trimSlashes(directory: string): string {
  return directory.replace(/\/+/g, '/').replace(/(?<=.)\/$/, '');
}

/** What Signature Version 4 allows a URL at most, in days. */
const MAX_SHARE_DAYS = 7;

/** Yearly copies are the oldest that there can be a limit for. */
const MAX_AGE_DAYS = 1000;

/**
 * The whole command line (contract: command line). What a command needs is loaded when it is called: all of it would take
 * longer to load than most commands take.
 */
export function buildProgram(run: Runner): Command {
  const program = new Command('twindb-backup')
    .description('Backs up directories and MySQL to S3, SSH or a local disk, and restores them.')
    .version(version(), '-V, --version', 'print the version and exit')
    .option('--debug', 'say on stderr what is being done and why')
    .option('-v, --verbose', 'the same as --debug')
    .addOption(
      new Option(
        '-q, --quiet',
        'print only results, warnings and errors, no progress and no remarks',
      ).conflicts(['debug', 'verbose']),
    )
    .addOption(
      new Option(
        '--log-format <format>',
        'how messages look: as text, or as JSON lines, all of them on stderr',
      )
        .choices(['text', 'json'])
        .default('text'),
    )
    .option('--config <path>', 'configuration file', DEFAULT_CONFIG_FILE)
    .option(
      '--xtrabackup-binary <path>',
      'xtrabackup or mariabackup program, instead of the one that fits the server',
    )
    .option(
      '--xbstream-binary <path>',
      'without effect: copies are unpacked without another program; accepted for existing scripts',
    )
    .helpOption('-h, --help', 'print help and exit')
    .helpCommand(false)
    .showHelpAfterError('(see twindb-backup --help)');
  // The jobs of a backup and of the doctor tell the doubts themselves.
  const startBackup = startWith((command) => run(globalsOf(program), command));
  const start = startWith((command) =>
    run(globalsOf(program), (context) => {
      for (const { state, message } of context.doubts) context.warnLasting(state, message);
      return command(context);
    }),
  );

  program
    .command('backup')
    .description('Take the backups of one run type, as cron does. Prints nothing when all went well.')
    .addArgument(new Argument('<run-type>', 'which retention the copies fall under').choices(RUN_TYPES))
    .option('--lock-file <path>', 'runs with the same lock file wait for each other', LOCK_FILE)
    .option('--binlogs-only', 'copy the closed binary logs of the MySQL server, and nothing else')
    .action(startBackup(async () => (await import('../commands/backup.ts')).backup));

  program
    .command('doctor')
    .description(
      'Try everything that the next backup depends on, and say what to do about what does not work. Leaves nothing behind.',
    )
    .option('--lock-file <path>', 'as for backup', LOCK_FILE)
    .option('--json', 'print one JSON document with all findings')
    .action(startBackup(async () => (await import('../commands/doctor.ts')).doctor));

  program
    .command('ls')
    .description(
      'List the copies of all hosts, one a line: those kept locally first, then by type, run type and name; or what is in one copy.',
    )
    .argument(
      '[copy]',
      'list what is in this copy, without unpacking it to a disk: what ls prints, a key, or a name that only one copy has',
      unquoteLocation,
    )
    .addOption(new Option('--type <type>', 'only copies of this type').choices(MEDIA))
    .option('--hostname <host>', 'only copies of this host')
    .option('--source <source>', 'only copies of this directory, of "mysql" or of "binlog"', trimSlashes)
    .addOption(
      new Option('--since <time>', 'only copies that were finished then or later').argParser(parseMoment),
    )
    .addOption(
      new Option(
        '--before <time>',
        'only copies that were finished by then, as 2026-01-31, "2026-01-31 14:30" or 2026-01-31T14:30Z',
      ).argParser(parseMoment),
    )
    .option('--latest', 'only the newest copy of each host and source')
    .option('-l, --long', 'also print type, size in bytes, duration, LSN and parent')
    .option(
      '--coverage',
      'instead of copies print for each host when every second can be restored, with the binary logs',
    )
    .option('--json', 'print one JSON document with all that is known of each copy, or of each file in it')
    .option(...ACCEPT)
    .action(start(async () => (await import('../commands/ls.ts')).ls));

  program
    .command('status')
    .description('Print what the status file of a host says, as JSON.')
    .addOption(new Option('--type <type>', 'whose status').choices(MEDIA).default('mysql'))
    .option('--hostname <host>', 'the host that took the copies (default: this host)')
    .option('--json', 'print JSON, as without this option')
    .action(start(async () => (await import('../commands/status.ts')).status));

  program
    .command('check')
    .description(
      'Compare the copies that are there with those that the status lists, and test those that it does not list.',
    )
    .argument('[copies...]', 'what ls prints, keys or names (default: all copies)', collectCopies)
    .addOption(new Option('--type <type>', 'only copies of this type').choices(MEDIA))
    .option('--hostname <host>', 'only copies of this host (default: all; with --adopt this host)')
    .option('--read', 'also read the copies that are in the status, and compare their checksums')
    .addOption(
      new Option(
        '--sample <part>',
        'read only a part of those, 5%, 1/20, or 20 of them, and another one the next day; implies --read',
      )
        .argParser(parseSample)
        .implies({ read: true }),
    )
    .option('--adopt', 'enter whole copies that no status knows, so that retention counts them')
    .addOption(
      new Option(
        '--max-age <time>',
        'fail when the newest copy of what this host backs up is older: 90m, 26h, 2d (default: [check] max_age)',
      ).argParser((text) => parseDuration(text, MAX_AGE_DAYS)),
    )
    .option('--lock-file <path>', 'as for backup, while a copy is entered', LOCK_FILE)
    .option('--json', 'print one JSON document with what came of each copy')
    .option(...ACCEPT)
    .action(start(async () => (await import('../commands/check.ts')).check));

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
    .option(...ACCEPT)
    .action(start(async () => (await import('../commands/restore-mysql.ts')).restoreMysql));
  restore
    .command('binlog')
    .description('Fetch copies of binary logs, each under its own name.')
    .argument('[copies...]', 'likewise; the suffixes may be left out', collectCopies)
    .option('--dst <dir>', 'where to put them; must be empty or absent', '.')
    .option(...ACCEPT)
    .action(start(async () => (await import('../commands/restore-binlog.ts')).restoreBinlog));

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

  program
    .command('share')
    .description(
      'Print a URL under which anyone who has it can fetch a copy on S3 for a while. Nothing is made public.',
    )
    .argument('[copy]', COPY_HELP, unquoteLocation)
    .addOption(
      new Option('--expires <time>', 'how long the URL works: 90m, 12h, 2d or seconds, at most 7d')
        .argParser((text) => parseDuration(text, MAX_SHARE_DAYS))
        .default(3600, '1h'),
    )
    .action(start(async () => (await import('../commands/share.ts')).share));
  addCloneCommand(program, start);
  program
    .command('help')
    .description('Print the help of a command, as its --help does.')
    .argument('[command...]', 'such as "restore mysql" (default: all commands)')
    .action((words: readonly string[]) => findCommand(program, words).outputHelp());
  return program;
}

/** The global options; `--verbose` is another name of `--debug`. */
export function globalsOf(program: Command): GlobalOptions {
  const { verbose, ...options } = program.opts<GlobalOptions & { readonly verbose?: boolean }>();
  return verbose ? { ...options, debug: true } : options;
}

/** The command that these words name; what is behind one without commands of its own may be its arguments. */
function findCommand(program: Command, words: readonly string[]): Command {
  let found = program;
  for (const word of words) {
    const next = found.commands.find((each) => each.name() === word);
    if (next === undefined && found.commands.length > 0) found.error(`error: unknown command '${word}'`);
    found = next ?? found;
  }
  return found;
}
