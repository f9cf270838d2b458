import { CommanderError } from 'commander';
import type { CommandContext } from '../commands/command.ts';
import { describeError, firstErrorOf } from '../errors.ts';
import { asOneLine } from '../foreign-text.ts';
import { createLog, type Log } from '../log.ts';
import { killChildren } from '../process/child.ts';
import { CLEAN_UP_MS, STUCK_MS } from './clean-up-watch.ts';
import { EXIT, exitCodeOf } from './exit-code.ts';
import { dieBy, watchSignals } from './interruption.ts';
import { openContext } from './open-context.ts';
import { saysTooManyFiles, TOO_MANY_FILES } from './open-file-limit.ts';
import { buildProgram, type GlobalOptions } from './program.ts';
import { createPrinter, createSink, openTerminal, type Terminal, writeAll } from './terminal.ts';

type Command = (context: CommandContext) => Promise<boolean>;

/** Parses the command line, runs the command, reports an error in one message and returns the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  const terminal = openTerminal();
  let exitCode: number = EXIT.success;
  const program = buildProgram(async (globals, command) => {
    exitCode = await runCommand(globals, command, terminal);
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
    createSink(terminal)('error', describeError(error));
    return exitCodeOf(error);
  }
  return exitCode;
}

function allCommands(command: ReturnType<typeof buildProgram>): ReturnType<typeof buildProgram>[] {
  return [command, ...command.commands.flatMap(allCommands)];
}

async function runCommand(globals: GlobalOptions, command: Command, terminal: Terminal): Promise<number> {
  const log = createLog(globals.debug ? 'debug' : 'info', createSink(terminal, globals.debug));
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
  log: Log,
): Promise<boolean> {
  const signal = watchSignals({
    onFirst: (name) => log.info(`Interrupted by ${name}: cleaning up. Ctrl-C once more ends this at once`),
    onImpatience: () => endAtOnce(log, 'SIGINT', 'Ended before everything was cleaned up'),
    onGiveUp: (name, reason) => endAtOnce(log, name, GIVEN_UP[reason]),
  });
  await using context = await openContext(globals, { log, terminal, signal });
  return await command({
    ...context,
    interactive: terminal.stdoutIsTerminal,
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
