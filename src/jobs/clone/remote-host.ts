import type { SshConfig } from '../../config/config.ts';
import { ProcessError, TwinDbError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { redactSecrets } from '../../mysql/server/blank-secrets.ts';
import { connect, type SshConnection } from '../../ssh/connect.ts';
import { type Listener, type RemoteCommand, type RemoteEnd, startRemote } from '../../ssh/remote-command.ts';

/** The host that becomes a replica. Everything on it runs as root. Disposing hangs up. */
export interface RemoteHost extends AsyncDisposable {
  readonly name: string;
  /** The connection; made anew when it was lost, so that even then there is a way to clean up. */
  readonly connection: () => Promise<SshConnection>;
  /** Starts a command; nobody gets the secrets in what it says. Throws a TwinDbError when it cannot be started. */
  readonly start: (words: readonly string[], listener?: Listener) => Promise<RemoteCommand>;
  /** Runs a command to its end, whatever that is; `input` goes to its stdin. */
  readonly run: (words: readonly string[], input?: string | Buffer) => Promise<RemoteEnd>;
  /** The same, and returns its stdout. Throws the ProcessError of a failure. */
  readonly capture: (words: readonly string[], input?: string | Buffer) => Promise<string>;
}

/** For every command: an ordinary user's PATH lacks the folders of the server, and messages are to be in English. */
const ENVIRONMENT = [
  'env',
  'LC_ALL=C.UTF-8',
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
];

const SUDO = ['sudo', '-n'];

/** The words that run a script with these arguments. What runs there is known by the name; see find-clone.ts. */
export function scriptWords(script: string, ...args: readonly string[]): string[] {
  return ['sh', '-c', script, 'twindb-backup', ...args];
}

/** Logs in as section [ssh] says, and finds out how to be root there. Throws a TwinDbError that says what is missing. */
export async function openRemoteHost(name: string, ssh: SshConfig, log: Log): Promise<RemoteHost> {
  const { user, keyFile, port, knownHosts, hostKeyChecking } = ssh;
  const dialRemedy = `Check the host's name and [ssh] port, and that an SSH server runs on ${name} and no firewall is between.`;
  const target = { host: name, port, user, keyFile, knownHosts, hostKeyChecking, dialRemedy };
  let prefix: readonly string[] = ENVIRONMENT;
  let current: SshConnection | undefined;
  const forget = (lost: SshConnection) => {
    if (current === lost) current = undefined;
  };
  const connection = async () => {
    if (current !== undefined) return current;
    const fresh = await connect(target, log);
    fresh.client.once('close', () => forget(fresh));
    current = fresh;
    return fresh;
  };
  const start: RemoteHost['start'] = async (words, listener = {}) => {
    log.debug(`On ${name}: ${words.filter((word) => !word.includes('\n')).join(' ')}`);
    const used = await connection();
    const command = await startRemote(used, [...prefix, ...words], {
      ...listener,
      redact: redactSecrets,
    });
    // A channel notices a loss before its connection does; what follows must not use that again.
    command.ended.catch(() => forget(used));
    return command;
  };
  const run: RemoteHost['run'] = async (words, input = '') => {
    const command = await start(words);
    command.stdin.end(input);
    return await command.ended;
  };
  const host: RemoteHost = {
    name,
    connection,
    start,
    run,
    async capture(words, input) {
      const end = await run(words, input);
      if (end.exitCode !== 0) throw remoteFailure(words[0] ?? '', name, end);
      return end.stdout;
    },
    [Symbol.asyncDispose]: async () => await current?.[Symbol.asyncDispose](),
  };
  try {
    prefix = [...(await becomeRoot(host, user)), ...ENVIRONMENT];
    return host;
  } catch (error) {
    await host[Symbol.asyncDispose]();
    throw error;
  }
}

async function becomeRoot({ name, run, capture }: RemoteHost, user: string): Promise<readonly string[]> {
  if ((await capture(['id', '-u'])).trim() === '0') return [];
  const { exitCode, stderr } = await run([...SUDO, 'true']);
  if (exitCode === 0) return SUDO;
  throw new TwinDbError(`${user} cannot become root on ${name}: ${stderr.at(-1) ?? 'sudo failed'}`, {
    remedy:
      `Set ssh_user=root in section [ssh], or allow sudo without a password there: ` +
      `echo '${user} ALL=(root) NOPASSWD: ALL' > /etc/sudoers.d/twindb-backup`,
  });
}

/** The error for a command that has ended badly on the other side; `lastWords` are those that it should have said. */
export function remoteFailure(
  command: string,
  host: string,
  end: RemoteEnd,
  lastWords?: string,
): ProcessError {
  const how = end.signal === null ? `failed with exit code ${end.exitCode}` : `was killed by ${end.signal}`;
  const isSilent = end.exitCode === 0 && lastWords !== undefined;
  const odd = end.failure === undefined ? `ended without saying "${lastWords}"` : `reported "${end.failure}"`;
  return new ProcessError(`${command} on ${host} ${isSilent ? odd : how}`, end);
}
