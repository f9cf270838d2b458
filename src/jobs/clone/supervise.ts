import { Secret } from '../../config/secret.ts';
import { ProcessError, TwinDbError } from '../../errors.ts';
import type { Program } from '../../process/program.ts';
import type { Listener, RemoteCommand } from '../../ssh/remote-command.ts';
import { type RemoteHost, remoteFailure, scriptWords } from './remote-host.ts';

/**
 * What our stdin is to a supervised command. `data`: its own stdin, whose end it sees. `lifeline`: a byte is sent now and then,
 * and its end, or silence, means that we were killed or cut off. SSH tells a command nothing of that, and one that does not
 * read would run on; of a link that was cut the SSH server itself may not know for hours. A secret: a lifeline too, and the
 * command gets this one line, which is in no arguments, on its own stdin.
 */
export type StdinUse = 'data' | 'lifeline' | Secret;

/** How long we may say nothing, in seconds: more than we take ourselves to see that a link is cut (SSH_TIMING). */
const SILENCE_SECONDS = 90;
/** How often we say something, in milliseconds. */
const HEARTBEAT_MS = 10_000;

/** Tells the group of processes that the arguments and all they start will be, runs them, and ends as they do. */
const DATA = `
exec 3<&0
setsid "$@" <&3 3<&- &
echo "group $!"
wait $!
`;

const WITHOUT_INPUT = 'setsid "$@" </dev/null 3<&- &';

/** `read` takes a line and no more; what a shell puts into a here-document is in no arguments. */
const WITH_LINE = `IFS= read -r line <&3 || exit 1
setsid "$@" 3<&- <<END &
$line
END`;

/**
 * Runs the command that its arguments are until it ends, or our stdin does, or says nothing for so many seconds. Its group may not be
 * there yet when it is to end.
 */
export function watchOver(stdin: Exclude<StdinUse, 'data'>, seconds: number = SILENCE_SECONDS): string {
  return `
exec 3<&0
${stdin === 'lifeline' ? WITHOUT_INPUT : WITH_LINE}
child=$!
echo "group $child"
{ while [ -n "$(timeout --foreground ${seconds} dd bs=1 count=1 <&3)" ]; do :; done
  until kill -TERM -$child || ! kill -0 $child; do sleep 1; done
  sleep 5; kill -KILL -$child; } >/dev/null 2>&1 &
watcher=$!
wait $child
status=$?
kill $watcher 2>/dev/null
exit $status
`;
}

/** Ends a group and waits until it is gone. */
const END_GROUP = `
kill -TERM "-$1" 2>/dev/null
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  kill -0 "-$1" 2>/dev/null || exit 0
  sleep 0.25
done
kill -KILL "-$1" 2>/dev/null
while kill -0 "-$1" 2>/dev/null; do sleep 0.25; done
`;

/** The first line of what a supervisor says. */
const GROUP = /^group (\d+)\n?/;

/**
 * Starts a command of which nothing will run on without us: `close` ends it with all that it has started, over a new connection
 * if need be, and waits until it is gone.
 */
export async function startSupervised(
  host: RemoteHost,
  words: readonly string[],
  stdin: StdinUse,
  listener?: Listener,
): Promise<RemoteCommand> {
  const script = stdin === 'data' ? DATA : watchOver(stdin);
  const command = await host.start(scriptWords(script, ...words), listener);
  if (stdin instanceof Secret) command.stdin.write(`${stdin.reveal()}\n`);
  const beat =
    stdin === 'data' ? undefined : setInterval(() => command.stdin.write('.'), HEARTBEAT_MS).unref();
  let hasEnded = false;
  const ended = command.ended
    .finally(() => clearInterval(beat))
    .then((end) => {
      hasEnded = true;
      return { ...end, stdout: end.stdout.replace(GROUP, '') };
    });
  ended.catch(() => undefined);
  const group = GROUP.exec(await command.firstLine)?.[1];
  return {
    ...command,
    ended,
    async close() {
      // First, for a channel is not closed before somebody has taken what is in it.
      if (!hasEnded && group !== undefined) await host.run(scriptWords(END_GROUP, group));
      await command.close();
    },
  };
}

/**
 * Runs a program on the other side to its end; it ends with the signal. Throws the ProcessError of a failure, also when the
 * program did not say its last words, or said that it has failed.
 */
export async function runSupervised(
  host: RemoteHost,
  program: Program,
  { signal, onLine }: { readonly signal: AbortSignal; readonly onLine: (line: string) => void },
): Promise<void> {
  signal.throwIfAborted();
  const { command: name, args, lastWords = '', failureLine } = program;
  const listener = { onStderrLine: onLine, ...(failureLine && { failureLine }) };
  const command = await startSupervised(host, [name, ...args], 'lifeline', listener);
  let closing: Promise<void> | undefined;
  const hangUp = () => {
    closing ??= command.close();
    // Its failure is told where it is awaited, which may be a moment later.
    closing.catch(() => undefined);
  };
  signal.addEventListener('abort', hangUp, { once: true });
  try {
    const end = await command.ended;
    const isWell = end.failure === undefined && end.stderr.some((line) => line.includes(lastWords));
    if (end.exitCode !== 0 || !isWell) {
      throw remoteFailure(name, host.name, end, lastWords);
    }
  } catch (error) {
    // Also when the connection was lost, and it may run on.
    hangUp();
    await closing;
    signal.throwIfAborted();
    if (error instanceof ProcessError) throw error;
    throw new TwinDbError(`Nobody knows how ${name} ended on ${host.name}`, { cause: error });
  } finally {
    signal.removeEventListener('abort', hangUp);
  }
}
