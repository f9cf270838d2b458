import { Command, Option } from 'commander';
import type { CommandContext } from '../commands/command.ts';
import { addBackupCommands } from './backup-commands.ts';
import { addCloneCommand } from './clone-command.ts';
import { addInventoryCommands } from './inventory-commands.ts';
import { addRestoreCommands } from './restore-commands.ts';
import { addRetireCommands } from './retire-commands.ts';
import { addShareCommand } from './share-command.ts';
import { startWith } from './start.ts';
import { addStreamCommand } from './stream-command.ts';
import { addVerifyCommands } from './verify-commands.ts';
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
  /** For a service: how long it may take to end when it is told to. Absent: it is interrupted at once. */
  graceMs?: number,
) => Promise<void>;

/** For how long a service stores what is on its way when it is told to end: systemd kills it after 90 seconds. */
const SERVICE_GRACE_MS = 20_000;

/** The configuration file where the command line names none. */
export const DEFAULT_CONFIG_FILE = '/etc/twindb/twindb-backup.cfg';

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
  const startService = startWith((command) => run(globalsOf(program), command, SERVICE_GRACE_MS));

  addBackupCommands(program, startBackup);
  addInventoryCommands(program, start);
  addRetireCommands(program, start);
  addRestoreCommands(program, start);
  addVerifyCommands(program, start);
  addStreamCommand(program, startService);
  addShareCommand(program, start);
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

/** The command that these words name; behind it may be a word that its first argument can be, as in `help backup daily`. */
function findCommand(program: Command, words: readonly string[]): Command {
  let found = program;
  for (const [at, word] of words.entries()) {
    const next = found.commands.find((each) => each.name() === word);
    const isArgument =
      at === words.length - 1 && found.registeredArguments[0]?.argChoices?.includes(word) === true;
    if (next === undefined && !isArgument) found.error(`error: unknown command '${words.join(' ')}'`);
    found = next ?? found;
  }
  return found;
}
