import { quote } from 'shlex';
import { IntegrityError, ProcessError, TwinDbError } from '../../errors.ts';
import type { Digest } from '../../pipeline/digest.ts';
import type { RemoteEnd } from '../../ssh/remote-command.ts';

/** What the other side does with the stream, command by command; each is its words. */
export interface Receiver {
  /**
   * What takes the stream from the network, where anybody may be the first to connect: then the script gets a secret of
   * `SECRET_LENGTH` characters as the only line of its stdin, and the stream has to begin with it. Undefined: the stream comes
   * by stdin.
   */
  readonly listen: readonly string[] | undefined;
  /** What undoes the compression; undefined: there is none. */
  readonly decompress: readonly string[] | undefined;
  /** What unpacks it. */
  readonly extract: readonly string[];
  /** A line of stderr that means failure although all of them exit 0. */
  readonly failureLine?: RegExp | undefined;
}

/** Characters of the secret: 256 bits in hex. */
export const SECRET_LENGTH = 64;

/** How long whatever connects may take to send the secret, in seconds; we send it at once. */
const SECRET_SECONDS = 10;

/** Reads the secret before any other command starts, into a variable that none of them inherits. */
const TAKE_SECRET = `
unset -v secret
IFS= read -r secret || exit 1
`;

/**
 * Lets the stream through to what follows only behind the secret, and else ends the program that listens. Says at once which:
 * "admit 0", "admit 1" if something else came, "admit 2" if nothing did. `dd` takes the bytes of the secret and not one more, as it
 * reads them one by one. Comparing is a command of the shell's own, so that the secret is in no arguments.
 */
const admit = (
  seconds: number,
) => `first=$(timeout --foreground ${seconds} dd bs=1 count=${SECRET_LENGTH} 2>/dev/null)
if [ "$first" = "$secret" ]; then echo "admit 0" >&4; tee "$work/copy"
else
  [ -n "$first" ]; echo "admit $(($? + 1))" >&4
  kill "$(cat "$work/listener")"; : >"$work/copy"
fi`;

/** Notes down its process, as a listener that gets nothing would not notice that what it writes to has ended. */
function listening(command: readonly string[]): string {
  return `${words(command)} & echo $! >"$work/listener"; wait $!`;
}

/**
 * A POSIX shell script that joins these commands by pipes, with a digest of the stream as it came in. A shell tells only how
 * the last command of a pipeline ended, so each writes down its own end; the script prints them and the digest. It must live to
 * clean up when nobody listens any more, while its commands must still die of a broken pipe: hence a trap that does nothing.
 * `seconds`: how long the secret may take.
 */
export function receiverScript(
  { listen, decompress, extract }: Receiver,
  seconds: number = SECRET_SECONDS,
): string {
  const stages: (readonly [string, string])[] = [
    ...(listen === undefined ? [] : [['listen', listening(listen)] as const]),
    ['tee', listen === undefined ? 'tee "$work/copy"' : admit(seconds)],
    ...(decompress === undefined ? [] : [['decompress', words(decompress)] as const]),
    ['extract', words(extract)],
  ];
  const pipeline = stages.map(([name, command]) => `{ ${command}; echo "${name} $?" >&3; }`).join(' | ');
  return `${listen === undefined ? '' : TAKE_SECRET}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 143' HUP INT TERM
trap : PIPE
mkfifo "$work/copy" || exit 1
sha256sum <"$work/copy" >"$work/sha256" &
summing=$!
{ ${pipeline}; } 3>"$work/ends" 4>&1
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
  const refusal = refusalOf(end, receiver, host);
  if (refusal !== undefined) throw refusal;
  const said = readEnds(end);
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
  if (end.failure !== undefined)
    throw new ProcessError(`${receiver.extract[0]} on ${host} reported "${end.failure}"`, end);
  if (end.exitCode !== 0) throw new ProcessError(`The receiver on ${host} failed`, end);
  if (sent === undefined) throw new TwinDbError(`The receiver on ${host} ended before the stream did`);
  if (said.get('sha256') !== sent.sha256) {
    throw new IntegrityError(
      `${host} has received something else than was sent: its SHA-256 is ${said.get('sha256')}, that of the stream is ${sent.sha256}`,
    );
  }
}

/** What the script says of each of its commands, and the digest. */
function readEnds({ stdout }: RemoteEnd): ReadonlyMap<string, string> {
  return new Map(stdout.split('\n').map((line) => line.split(' ') as [string, string]));
}

const REFUSALS: Readonly<Record<string, string>> = {
  '1': 'it did not send the secret of this clone',
  '2': 'it sent nothing',
  ended: 'its connection was still open',
};

/** The exit code of the script when we have ended it. */
const ENDED_BY_US = 143;

/** Of a listener that ended by itself, of one that `admit` ended, and of one that has told nothing. */
const ENDED_WELL: readonly (string | undefined)[] = ['0', '143', undefined];

/**
 * Why the receiver has not let in the first connection that it got; nothing was unpacked then. Undefined when it has, and
 * when it failed before anything could connect.
 */
export function refusalOf(end: RemoteEnd, { listen }: Receiver, host: string): TwinDbError | undefined {
  if (listen === undefined) return undefined;
  const said = readEnds(end);
  const didListen = ENDED_WELL.includes(said.get('listen'));
  const reason = REFUSALS[said.get('admit') ?? (end.exitCode === ENDED_BY_US ? 'ended' : '')];
  if (reason === undefined || !didListen) return undefined;
  return new TwinDbError(
    `Another program connected to ${listen[0]} on ${host} before this clone did: ${reason}`,
    {
      remedy:
        'Nothing was unpacked. Use --transport ssh, or let a firewall keep others from that port (see --netcat-port).',
    },
  );
}

function howItEnded(status: string | undefined): string {
  return status === undefined ? 'was ended' : `failed with exit code ${status}`;
}
