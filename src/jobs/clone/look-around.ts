import { readListeningPorts } from './listening-ports.ts';
import { type RemoteHost, scriptWords } from './remote-host.ts';

/** Questions to the other host that change nothing there. Each is one command; a script gets its arguments as words. */

function ask(host: RemoteHost, script: string, ...args: readonly string[]): Promise<string> {
  return host.capture(scriptWords(script, ...args));
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** Of these programs, those that are installed: their paths by their names. */
export async function findPrograms(
  host: RemoteHost,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const found = await ask(host, 'for name; do command -v "$name"; done; true', ...names);
  return new Map(lines(found).map((path) => [path.slice(path.lastIndexOf('/') + 1), path]));
}

const TESTS = { folder: '-d', file: '-f' } as const;

/** Of these folders or files, those that are not there. */
export async function findMissing(
  host: RemoteHost,
  kind: keyof typeof TESTS,
  paths: readonly string[],
): Promise<string[]> {
  return lines(await ask(host, `for path; do [ ${TESTS[kind]} "$path" ] || echo "$path"; done`, ...paths));
}

/**
 * What a data directory is before a clone; an empty file system has `lost+found` in it. `no folder`: a file, or a symbolic
 * link to something that is not there, such as a disk that is not mounted.
 */
export async function lookIntoDatadir(
  host: RemoteHost,
  path: string,
): Promise<'absent' | 'empty' | 'filled' | 'no folder'> {
  const script = `
[ -e "$1" ] || [ -L "$1" ] || { echo absent; exit; }
[ -d "$1" ] || { echo no folder; exit; }
first=$(find "$1/" -mindepth 1 -maxdepth 1 ! -name lost+found -print -quit) || exit
[ -n "$first" ] && echo filled || echo empty
`;
  const state = (await ask(host, script, path)).trim();
  return state === 'absent' || state === 'empty' || state === 'no folder' ? state : 'filled';
}

/** Bytes that are free where a path lies, or will lie. */
export async function measureFreeSpace(host: RemoteHost, path: string): Promise<number> {
  const script = 'path=$1; while [ ! -e "$path" ]; do path=$(dirname "$path"); done; df -P -B1 "$path"';
  const [, row = ''] = lines(await ask(host, script, path));
  return Number(row.split(/\s+/)[3]);
}

/** The TCP ports that something there listens on. */
export async function findListeningPorts(host: RemoteHost): Promise<ReadonlySet<number>> {
  return readListeningPorts(await ask(host, 'cat /proc/net/tcp /proc/net/tcp6 2>/dev/null; true'));
}

/** Half of the memory that is available there is for whoever prepares a copy; this is what that is computed from. */
export function readMeminfo(host: RemoteHost): Promise<string> {
  return host.capture(['cat', '/proc/meminfo']);
}
