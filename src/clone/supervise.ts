import { TwinDbError } from '../errors.ts';
import type { Program } from '../process/program.ts';
import { type RemoteHost, remoteFailure } from './remote-host.ts';

/**
 * A POSIX shell script that runs its arguments as a command, and ends that with all it has started as soon as its own stdin
 * ends. SSH tells a command nothing when we are gone, killed or cut off: only its stdin ends, and a program that does
 * not read it would run on. A session of its own makes the program and its children one group.
 */
const SUPERVISOR = `
exec 3<&0
setsid "$@" </dev/null 3<&- &
child=$!
{ cat <&3; kill -TERM -$child; sleep 5; kill -KILL -$child; } >/dev/null 2>&1 &
watcher=$!
wait $child
status=$?
kill $watcher 2>/dev/null
exit $status
`;

/** The words of a command that ends when we hang up. Its stdin is empty. */
export function supervised(words: readonly string[]): string[] {
  return ['sh', '-c', SUPERVISOR, 'twindb-backup', ...words];
}

/**
 * Runs a program on the other side to its end; it ends at once with the signal. Throws the ProcessError of a failure, also
 * when the program did not say its last words.
 */
export async function runSupervised(
  host: RemoteHost,
  program: Program,
  { signal, onLine }: { readonly signal: AbortSignal; readonly onLine: (line: string) => void },
): Promise<void> {
  signal.throwIfAborted();
  const command = await host.start(supervised([program.command, ...program.args]), onLine);
  const hangUp = () => void command.close();
  signal.addEventListener('abort', hangUp, { once: true });
  try {
    const end = await command.ended;
    const said =
      program.lastWords === undefined || end.stderr.some((line) => line.includes(program.lastWords ?? ''));
    if (end.exitCode !== 0 || !said) throw remoteFailure(program.command, host.name, end, program);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TwinDbError && error.name === 'ProcessError') throw error;
    throw new TwinDbError(`Nobody knows how ${program.command} ended on ${host.name}`, { cause: error });
  } finally {
    signal.removeEventListener('abort', hangUp);
  }
}
