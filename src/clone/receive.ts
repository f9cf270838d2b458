import { quote } from 'shlex';
import { IntegrityError, ProcessError, TwinDbError } from '../errors.ts';
import type { Digest } from '../pipeline/digest.ts';
import type { RemoteEnd } from '../ssh/remote-command.ts';

/** What the other side does with the stream, command by command; each is its words. */
export interface Receiver {
  /** What takes the stream from the network; undefined: it comes by stdin. */
  readonly listen: readonly string[] | undefined;
  /** What undoes the compression; undefined: there is none. */
  readonly decompress: readonly string[] | undefined;
  /** What unpacks it. */
  readonly extract: readonly string[];
}

/**
 * A POSIX shell script that joins these commands by pipes, with a digest of the stream as it came in. A shell tells only how
 * the last command of a pipeline ended, so each writes down its own end; the script prints them and the digest. It must live to
 * clean up when nobody listens any more, while its commands must still die of a broken pipe: hence a trap that does nothing.
 */
export function receiverScript({ listen, decompress, extract }: Receiver): string {
  const stages: (readonly [string, string])[] = [
    ...(listen === undefined ? [] : [['listen', words(listen)] as const]),
    ['tee', 'tee "$work/copy"'],
    ...(decompress === undefined ? [] : [['decompress', words(decompress)] as const]),
    ['extract', words(extract)],
  ];
  const pipeline = stages.map(([name, command]) => `{ ${command}; echo "${name} $?" >&3; }`).join(' | ');
  return `
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
trap : PIPE
mkfifo "$work/copy" || exit 1
sha256sum <"$work/copy" >"$work/sha256" &
summing=$!
{ ${pipeline}; } 3>"$work/ends"
wait $summing
cat "$work/ends"
echo "sha256 $(cut -d ' ' -f 1 "$work/sha256")"
`;
}

function words(command: readonly string[]): string {
  return command.map(quote).join(' ');
}

/**
 * Makes sure that the other side has received the very stream that was sent, and unpacked all of it. Throws the
 * ProcessError of the command that failed there, or an IntegrityError.
 */
export function requireReceived(
  end: RemoteEnd,
  receiver: Receiver,
  sent: Digest | undefined,
  host: string,
): void {
  const said = new Map(end.stdout.split('\n').map((line) => line.split(' ') as [string, string]));
  const stages = [
    ['extract', receiver.extract],
    ['decompress', receiver.decompress],
    ['listen', receiver.listen],
    ['tee', ['tee']],
  ] as const;
  // The last stage that failed is the cause: those before it only found that nobody read on.
  const failed = stages.find(([name, command]) => command !== undefined && said.get(name) !== '0');
  if (failed !== undefined) {
    const [name, command = []] = failed;
    throw new ProcessError(`${command[0]} on ${host} ${howItEnded(said.get(name))}`, end);
  }
  if (end.exitCode !== 0) throw new ProcessError(`The receiver on ${host} failed`, end);
  if (sent === undefined) throw new TwinDbError(`The receiver on ${host} ended before the stream did`);
  if (said.get('sha256') !== sent.sha256) {
    throw new IntegrityError(
      `${host} has received something else than was sent: its SHA-256 is ${said.get('sha256')}, that of the stream is ${sent.sha256}`,
    );
  }
}

function howItEnded(status: string | undefined): string {
  return status === undefined ? 'was ended' : `failed with exit code ${status}`;
}
