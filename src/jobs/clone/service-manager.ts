import { dirname } from 'node:path';
import { ProcessError } from '../../errors.ts';
import { redactSecrets } from '../../mysql/server/blank-secrets.ts';
import { type RemoteHost, remoteFailure, scriptWords } from './remote-host.ts';

/** What starts and stops the server there, and under which name. */
export type ServiceManager =
  | { readonly kind: 'systemd' | 'service'; readonly unit: string }
  | { readonly kind: 'plain' };

/**
 * `systemd` where it is the init system and has a unit for the server, `service` where there is an init script, else the
 * server is started as a process of its own. Source for the folder: sd_booted(3).
 */
const FIND = `
if [ -d /run/systemd/system ]; then
  for unit; do systemctl cat -- "$unit.service" >/dev/null 2>&1 && { echo "systemd $unit"; exit; }; done
fi
if command -v service >/dev/null; then
  for unit; do [ -x "/etc/init.d/$unit" ] && { echo "service $unit"; exit; }; done
fi
echo plain
`;

/** Finds the manager and the first of `units` that it knows. Changes nothing. */
export async function findServiceManager(
  host: Pick<RemoteHost, 'capture'>,
  units: readonly string[],
): Promise<ServiceManager> {
  const found = await host.capture(scriptWords(FIND, ...units));
  const [kind, unit = ''] = found.trim().split(' ');
  return kind === 'systemd' || kind === 'service' ? { kind, unit } : { kind: 'plain' };
}

/** For the operator: how the server is started by hand. */
export function startCommand(manager: ServiceManager): string {
  switch (manager.kind) {
    case 'systemd':
      return `systemctl start ${manager.unit}`;
    case 'service':
      return `service ${manager.unit} start`;
    case 'plain':
      return 'mysqld --user=mysql';
  }
}

/** The command that does that. */
export function managerWords(
  manager: Exclude<ServiceManager, { kind: 'plain' }>,
  verb: 'start' | 'stop',
): [string, ...string[]] {
  return manager.kind === 'systemd' ? ['systemctl', verb, manager.unit] : ['service', manager.unit, verb];
}

/** What a daemon inherits would keep the SSH channel open, so the command and the daemon write to a file. */
const DETACHED = `
log=$(mktemp) || exit 1
"$@" </dev/null >"$log" 2>&1
status=$?
cat "$log" >&2
rm -f "$log"
exit $status
`;

/**
 * How the server starts without a manager: the folder of its socket is made, which a reboot removes from /run, and it is left to
 * itself. Prints its pid. The server on the other host has told where the socket is, so no other folder is made, and none that is
 * there is given to mysql.
 */
export const START_PLAIN = `
log=$1 folder=$2
shift 2
if [ ! -e "$folder" ]; then
  case $folder in
    /run/*/* | /var/run/*/*) ;;
    /run/?* | /var/run/?*) mkdir "$folder" && chown mysql:mysql "$folder" || exit 1 ;;
  esac
fi
setsid "$@" </dev/null >>"$log" 2>&1 &
echo $!
`;

/** The server there, as something that runs or does not. */
export interface Service {
  /** Throws the ProcessError of a failure, with what the manager said. */
  readonly start: () => Promise<void>;
  /** Throws the ProcessError that says why it is no longer there; without a manager only, others say so when they start it. */
  readonly requireAlive: () => Promise<void>;
  /** Stops it and waits for its end; one that does not run stays as it is. Throws the ProcessError of a failure. */
  readonly stop: () => Promise<void>;
}

interface PlainServer {
  /** Path of the server program. */
  readonly server: string;
  /** File that gets what it says; the error log, unless its configuration names another. */
  readonly log: string;
  /** Path of its socket. */
  readonly socket: string;
}

export function openService(host: RemoteHost, manager: ServiceManager, plain: PlainServer): Service {
  if (manager.kind === 'plain') return openPlain(host, plain);
  return {
    start: () => runDetached(host, managerWords(manager, 'start')),
    requireAlive: () => Promise.resolve(),
    stop: () => runDetached(host, managerWords(manager, 'stop')),
  };
}

function openPlain(host: RemoteHost, { server, log, socket }: PlainServer): Service {
  let pid: string | undefined;
  return {
    async start() {
      const words = scriptWords(START_PLAIN, log, dirname(socket), server, '--user=mysql');
      pid = (await host.capture(words)).trim();
    },
    async requireAlive() {
      const { exitCode } = await host.run(['kill', '-0', pid ?? '']);
      if (exitCode === 0) return;
      const { stdout } = await host.run(['tail', '-n', '15', log]);
      const end = { exitCode: null, signal: null, stderr: stdout.trim().split('\n').map(redactSecrets) };
      throw new ProcessError(`${server} on ${host.name} has ended`, end);
    },
    async stop() {
      if (pid === undefined) return;
      const script = 'kill "$1" || exit 0; while kill -0 "$1" 2>/dev/null; do sleep 0.2; done';
      await host.capture(scriptWords(script, pid));
    },
  };
}

async function runDetached(host: RemoteHost, words: readonly string[]): Promise<void> {
  const end = await host.run(scriptWords(DETACHED, ...words));
  if (end.exitCode !== 0) throw remoteFailure(words.join(' '), host.name, end);
}
