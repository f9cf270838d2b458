import { CommanderError } from 'commander';
import type { CommandContext } from '../commands/command.ts';
import { describeError, firstErrorOf } from '../errors.ts';
import { asOneLine } from '../foreign-text.ts';
import type { Log } from '../log.ts';
import { killChildren } from '../process/child.ts';
import { CLEAN_UP_MS, STUCK_MS } from './clean-up-watch.ts';
import { EXIT, exitCodeOf } from './exit-code.ts';
import { dieBy, watchSignals } from './interruption.ts';
import type { RunIdentity } from './json-lines.ts';
import { saysTooManyFiles, TOO_MANY_FILES } from './open-file-limit.ts';
import { buildProgram, type GlobalOptions, globalsOf } from './program.ts';
import { openRunLog, type RunLog } from './run-log.ts';
import { createPrinter, openTerminal, type Terminal, UNKNOWN_WIDTH, writeAll } from './terminal.ts';

type Command = (context: CommandContext) => Promise<boolean>;

/** Parses the command line, runs the command, reports an error in one message and returns the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  const terminal = openTerminal();
  let exitCode: number = EXIT.success;
  let about: ReturnType<typeof describeCommand> = {};
  const program = buildProgram(async (globals, command) => {
    const log = await openRunLog(globals, about, terminal);
    exitCode = await runCommand(globals, command, terminal, log);
  });
  program.hook('preAction', (_program, called) => {
    about = describeCommand(called);
  });
  // Subcommands take these settings over only when they are made, so each is told.
  for (const command of allCommands(program)) {
    command.exitOverride().configureOutput({
      writeOut: (text) => writeAll(1, text),
      writeErr: (text) => writeAll(2, text),
    });
  }
  try {
    await program.parseAsync(argv);
  } catch (error) {
    // commander has printed its message already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.success : EXIT.usage;
    (await openRunLog(globalsOf(program), about, terminal)).error(describeError(error));
    return exitCodeOf(error);
  }
  return exitCode;
}

function allCommands(command: ReturnType<typeof buildProgram>): ReturnType<typeof buildProgram>[] {
  return [command, ...command.commands.flatMap(allCommands)];
}

/** What the structured log says of a command: the words that name it, without those that are its arguments. */
function describeCommand(called: ReturnType<typeof buildProgram>): Pick<RunIdentity, 'command' | 'runType'> {
  const words: string[] = [];
  for (let at = called; at.parent !== null; at = at.parent) words.unshift(at.name());
  const [runType] = called.args;
  return {
    command: words.join(' '),
    ...(called.name() === 'backup' && runType !== undefined && { runType }),
  };
}

async function runCommand(
  globals: GlobalOptions,
  command: Command,
  terminal: Terminal,
  log: RunLog,
): Promise<number> {
  try {
    return (await runInContext(globals, command, terminal, log)) ? EXIT.success : EXIT.failure;
  } catch (error) {
    log.error(saysTooManyFiles(error) ? TOO_MANY_FILES : describeError(error));
    const first = firstErrorOf(error);
    if (globals.debug && first instanceof Error) log.debug(stackOf(first));
    return exitCodeOf(error);
  }
}

/** Where an error was made. Its message, which stands in front, is that of others. */
function stackOf({ stack = '', message }: Error): string {
  return stack.replace(message, () => asOneLine(message));
}

async function runInContext(
  globals: GlobalOptions,
  command: Command,
  terminal: Terminal,
  log: RunLog,
): Promise<boolean> {
  const signal = watchSignals({
    onFirst: (name) => log.info(`Interrupted by ${name}: cleaning up. Ctrl-C once more ends this at once`),
    onImpatience: () => endAtOnce(log, 'SIGINT', 'Ended before everything was cleaned up'),
    onGiveUp: (name, reason) => endAtOnce(log, name, GIVEN_UP[reason]),
  });
  // Neither --version nor --help needs it.
  const { openContext } = await import('./open-context.ts');
  await using context = await openContext(globals, {
    log,
    // A progress line would be no JSON.
    terminal:
      globals.quiet || globals.logFormat === 'json' ? { ...terminal, stderrIsTerminal: false } : terminal,
    signal,
    onConfig: (config) => log.configure(config),
  });
  return await command({
    ...context,
    interactive: terminal.stdoutIsTerminal,
    columns: process.stdout.columns || UNKNOWN_WIDTH,
    print: createPrinter(terminal),
  });
}

const GIVEN_UP = {
  stuck: `Gave up cleaning up: nothing has moved for ${STUCK_MS / 1000} seconds, so a server or a mount hangs`,
  late: `Gave up cleaning up after ${CLEAN_UP_MS / 1000} seconds`,
} as const;

/** What may not have been cleaned up. */
const LEFT_BEHIND = `There may be left:
  half-written copies at the destination and in keep_local_path: the next backup of this host removes them
  files in the folder of a restore: they are not a whole copy, remove them
  wsrep_desync on a Galera node: SET GLOBAL wsrep_desync = OFF`;

function endAtOnce(log: Log, signal: NodeJS.Signals, why: string): void {
  killChildren();
  log.warn(`${why}. ${LEFT_BEHIND}`);
  dieBy(signal);
}
