import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode, ProcessError, type ProgramEnd } from '../errors.ts';
import { childEnvironment } from './environment.ts';
import { installCommand } from './install-command.ts';
import { inFront } from './priority.ts';
import type { Program } from './program.ts';
import { StderrTail } from './stderr-tail.ts';

/** How long a child may take to obey SIGTERM before SIGKILL follows, in milliseconds. */
const KILL_AFTER_MS = 5000;

/** A descendant that outlives its parent may hold stderr open; this long we wait for its end, in milliseconds. */
const STDERR_GRACE_MS = 500;

/** The same where what a program says decides about its work: a busy machine must not fail a backup. */
const LAST_WORDS_GRACE_MS = 10_000;

/** Runs the command that its arguments are, and then reads what that has left of its input. */
const DRAINED = ['sh', '-c', '"$@" && exec cat >/dev/null', 'sh'];

/**
 * Runs the command that its arguments are while the stdin stays open: the end of that means that we are gone or want it killed; what it
 * has started is killed a moment later, with this shell. SIGTERM to the group is for the command, which may take its time; a trap is not
 * inherited, as an ignored signal would be.
 */
const WITH_LIFELINE = [
  'sh',
  '-c',
  `exec 3<&0
trap : TERM INT HUP
trap 'cut=yes' USR1
"$@" </dev/null 3<&- &
child=$!
{ trap '' TERM INT HUP; while read -r word; do :; done; kill -USR1 $$; kill -KILL $child; sleep 2; kill -KILL 0; } <&3 >/dev/null 2>&1 &
watcher=$!
exec 3<&- </dev/null
wait $child
status=$?
while kill -0 $child 2>/dev/null; do wait $child; status=$?; done
[ -z "$cut" ] || kill -KILL 0
kill -KILL $watcher
exit $status`,
  'sh',
];

/** What a shell says of a program that it does not find, and nice and ionice too. Source: POSIX, exit status for commands. */
const NOT_FOUND = 127;

const RAISE_FILE_SIZE =
  'It reached the limit of file size: raise it (ulimit -f, LimitFSIZE= of a systemd unit).';

type StdinKind = 'pipe' | 'ignore' | Readable;
type StdoutKind = 'pipe' | 'ignore';

/** A running program. */
export interface Child {
  readonly program: Program;
  readonly process: ChildProcess;
  /** Settles when the program has ended and has been released; never rejects. Undefined: it succeeded. */
  readonly failure: Promise<ProcessError | undefined>;
  /** Ends it: SIGTERM to its process group, then SIGKILL after so many milliseconds. Resolves when it has ended. */
  kill(afterMs?: number): Promise<void>;
}

/** Those that have not ended yet. */
const running = new Set<ChildProcess>();

/** Ends every program and what it has started, without waiting for any: for a process that is about to exit. */
export function killChildren(): void {
  for (const process of running) signalGroup(process, 'SIGKILL');
}

/** Starts a program in a process group of its own. A program that cannot be started is a `failure`, not an exception. */
export function startChild(program: Program, stdin: StdinKind, stdout: StdoutKind): Child {
  const words = [...startersOf(program), program.command, ...program.args];
  const process = spawn(words[0] ?? '', words.slice(1), {
    stdio: [stdin, stdout, 'pipe'],
    env: { ...childEnvironment(), ...program.environment },
    // A group of its own lets us end whatever the program starts, and keeps the terminal's Ctrl-C for us.
    detached: true,
    ...program.account,
  });
  running.add(process);
  process.once('close', () => running.delete(process));
  const tail = new StderrTail(process.stderr as Readable, program);
  const failure = waitForEnd(program, process, tail).then((ended) => release(program, ended));
  return { program, process, failure, kill: (afterMs) => kill(process, failure, afterMs) };
}

/** What stands in front of a program: its priority, and a shell where it needs one. */
function startersOf({ stopsEarly, lifeline, isHeavy }: Program): readonly string[] {
  const priority = isHeavy ? inFront() : [];
  if (lifeline) return [...priority, ...WITH_LIFELINE];
  return [...priority, ...(stopsEarly ? DRAINED : [])];
}

async function waitForEnd(
  program: Program,
  process: ChildProcess,
  tail: StderrTail,
): Promise<ProcessError | undefined> {
  let end: ProgramEnd;
  try {
    const [exitCode, signal] = endOf(
      program,
      (await once(process, 'exit')) as [number | null, NodeJS.Signals | null],
    );
    const { lastWords, failureLine, allows } = program;
    const wordsDecide = [lastWords, failureLine, allows].some((each) => each !== undefined);
    const grace = wordsDecide ? LAST_WORDS_GRACE_MS : STDERR_GRACE_MS;
    await Promise.race([tail.ended, delay(grace, undefined, { ref: false })]);
    end = { exitCode, signal, stderr: tail.lines };
  } catch (cause) {
    return cannotStart(program, cause);
  }
  if (startersOf(program).length > 0 && end.exitCode === NOT_FOUND) {
    return cannotStart(program, Object.assign(new Error('not found'), { code: 'ENOENT' }));
  }
  const problem = findProblem(program, end) ?? (tail.failure && `reported "${tail.failure}"`);
  if (problem === undefined) return await succeed(program, end);
  const remedy = reachedFileSize(end) ? RAISE_FILE_SIZE : program.remedyFor?.(end);
  return new ProcessError(`${program.command} ${problem}`, end, remedy === undefined ? {} : { remedy });
}

/** How a program ended: of one behind its lifeline the shell says by its exit code which signal that was. */
function endOf(
  { lifeline }: Program,
  [exitCode, signal]: [number | null, NodeJS.Signals | null],
): [number | null, NodeJS.Signals | null] {
  const number = lifeline && exitCode !== null ? exitCode - 128 : 0;
  const name = Object.entries(constants.signals).find(([, each]) => each === number)?.[0];
  return name === undefined ? [exitCode, signal] : [null, name as NodeJS.Signals];
}

/** What is wrong with the way a program ended; undefined when it has done its work. */
function findProblem({ allows, lastWords }: Program, end: ProgramEnd): string | undefined {
  const { exitCode, signal, stderr } = end;
  if (signal !== null) return `was killed by ${signal}`;
  if (exitCode !== 0 && !allows?.(end)) return `failed with exit code ${exitCode}`;
  if (lastWords === undefined || stderr.some((line) => line.includes(lastWords))) return undefined;
  return `ended without saying "${lastWords}"`;
}

function reachedFileSize({ signal, exitCode }: ProgramEnd): boolean {
  return signal === 'SIGXFSZ' || exitCode === 128 + constants.signals.SIGXFSZ;
}

async function succeed(program: Program, end: ProgramEnd): Promise<ProcessError | undefined> {
  try {
    await program.onSuccess?.(end);
    return undefined;
  } catch (cause) {
    return new ProcessError(`${program.command} left nothing usable`, end, { cause });
  }
}

async function release(
  program: Program,
  failure: ProcessError | undefined,
): Promise<ProcessError | undefined> {
  try {
    await program.release?.();
    return failure;
  } catch (cause) {
    const nothing: ProgramEnd = { exitCode: null, signal: null, stderr: [] };
    return failure ?? new ProcessError(`Cannot clean up after ${program.command}`, nothing, { cause });
  }
}

function cannotStart(program: Program, cause: unknown): ProcessError {
  const nothing: ProgramEnd = { exitCode: null, signal: null, stderr: [] };
  if (!hasCode(cause, 'ENOENT'))
    return new ProcessError(`Cannot start ${program.command}`, nothing, { cause });
  const { command, debianPackage } = program;
  if (debianPackage === undefined) return new ProcessError(`${command} is not there`, nothing);
  return new ProcessError(`${command} is not installed`, nothing, {
    remedy: `Install it: ${installCommand([debianPackage])}`,
  });
}

async function kill(
  process: ChildProcess,
  failure: Promise<unknown>,
  afterMs = KILL_AFTER_MS,
): Promise<void> {
  const ended = new AbortController();
  const killer = delay(afterMs, undefined, { signal: ended.signal }).then(
    () => signalGroup(process, 'SIGKILL'),
    () => undefined,
  );
  signalGroup(process, 'SIGTERM');
  await failure;
  ended.abort();
  await killer;
}

function signalGroup(process: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  // No PID: it never started. An exit code or signal: its PID may by now be someone else's.
  if (process.pid === undefined || process.exitCode !== null || process.signalCode !== null) return;
  try {
    globalThis.process.kill(-process.pid, signal);
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}

/** Whether this end is only a symptom: the stage behind stopped reading, and its own end tells why. */
export function isBrokenPipe(error: ProcessError): boolean {
  return (
    error.signal === 'SIGPIPE' ||
    error.exitCode === 128 + constants.signals.SIGPIPE ||
    // Programs are joined by sockets, which are reset when the reader leaves bytes unread.
    error.stderr.some((line) => /broken pipe|connection reset/i.test(line))
  );
}
