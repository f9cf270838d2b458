import { quote } from 'shlex';
import { TwinDbError } from '../../errors.ts';
import { requireServingVersion } from '../../mysql/copy/programs.ts';
import { type Flavour, flavourOf, vendorOf } from '../../mysql/flavours.ts';
import { installCommand, OS_RELEASE_FILES } from '../../process/install-command.ts';
import { formatBytes } from '../../units.ts';
import { findClone } from './find-clone.ts';
import { findListeningPorts, findPrograms, lookIntoDatadir, measureFreeSpace } from './look-around.ts';
import type { RemoteHost } from './remote-host.ts';
import { readServerVariables, type ServerVariables } from './server-variables.ts';

/** The programs that a clone uses on the other host, as paths. */
export interface ReplicaPrograms {
  readonly server: string;
  readonly backup: string;
  readonly stream: string;
}

/** Of each row one is needed; `debianPackage` holds it. */
interface Need {
  readonly names: readonly string[];
  readonly debianPackage: string;
}

/** Our own scripts call these. */
const TOOLS: readonly Need[] = [
  { names: ['setsid'], debianPackage: 'util-linux' },
  ...['dd', 'mkfifo', 'mktemp', 'readlink', 'sha256sum', 'tee', 'timeout'].map((name) => ({
    names: [name],
    debianPackage: 'coreutils',
  })),
  { names: ['find'], debianPackage: 'findutils' },
];

const SERVERS: Readonly<Record<Flavour['family'], Need>> = {
  mariadb: { names: ['mariadbd', 'mysqld'], debianPackage: 'mariadb-server' },
  mysql: { names: ['mysqld'], debianPackage: 'mysql-server' },
};

/**
 * Finds the programs there, and makes sure that they fit the source. `more` are programs besides those that every clone needs;
 * of each row one. Throws a TwinDbError that names the package that is missing.
 */
export async function findReplicaPrograms(
  host: RemoteHost,
  flavour: Flavour,
  more: readonly Need[],
): Promise<ReplicaPrograms & { readonly more: readonly string[] }> {
  const needs = {
    server: SERVERS[flavour.family],
    backup: { names: flavour.backupPrograms, debianPackage: flavour.package },
    stream: { names: flavour.streamPrograms, debianPackage: flavour.package },
  };
  const all = [...TOOLS, ...Object.values(needs), ...more];
  const found = await findPrograms(
    host,
    all.flatMap(({ names }) => names),
  );
  const choose = ({ names }: Need) => names.map((name) => found.get(name)).find((path) => path !== undefined);
  const missing = all.filter((need) => choose(need) === undefined);
  if (missing.length > 0) {
    const packages = [...new Set(missing.map(({ debianPackage }) => debianPackage))];
    throw new TwinDbError(`${host.name} lacks ${missing.map(({ names }) => names.join(' or ')).join(', ')}`, {
      remedy: `Install it there: ${installCommand(packages, await readOsRelease(host))}`,
    });
  }
  const [server = '', backup = '', stream = ''] = Object.values(needs).map(choose);
  await requireSameServer(host, server, flavour);
  const says = await host.run([backup, '--no-defaults', '--version']);
  requireServingVersion(`${backup} on ${host.name}`, [says.stdout, ...says.stderr].join('\n'), flavour);
  return { server, backup, stream, more: more.flatMap((need) => choose(need) ?? []) };
}

/** What kind of system the other host is; empty where it does not say. */
async function readOsRelease(host: RemoteHost): Promise<string> {
  const { stdout } = await host.run(['cat', ...OS_RELEASE_FILES]);
  return stdout;
}

/** A copy can be used by the same series of the same server only. `mysqld  Ver 8.0.40 for Linux on x86_64 (…)` */
async function requireSameServer(host: RemoteHost, server: string, flavour: Flavour): Promise<void> {
  const says = await host.capture([server, '--no-defaults', '--version']);
  const version = /\bVer (\S+)/.exec(says)?.[1] ?? '';
  const there = flavourOf(vendorOf(version, says), version);
  const series = (title: string) => / ([\d.]+)$/.exec(title)?.[1];
  if (there.family === flavour.family && series(there.title) === series(flavour.title)) return;
  throw new TwinDbError(`${host.name} has ${there.title}, and this host ${flavour.title}`, {
    remedy: 'Install the same series on both; a replica can be upgraded later.',
  });
}

/** What the server there would start with now. Throws a TwinDbError when it does not tell. */
export async function readReplicaVariables(host: RemoteHost, server: string): Promise<ServerVariables> {
  const end = await host.run([server, '--verbose', '--help']);
  const variables = readServerVariables(end.stdout);
  if (variables.values.has('datadir') && variables.groups.length > 0) return variables;
  throw new TwinDbError(
    `${server} on ${host.name} does not tell its data directory: ${end.stderr.at(-1) ?? ''}`,
    {
      remedy: 'Correct its my.cnf.',
    },
  );
}

/**
 * Bytes that a replica of so many bytes of data should find free: a tenth more, for what is written while it is copied and caught up
 * with, and the redo log, which the copy does not have in this size.
 */
export function roomFor(dataSize: number, redoLogSize: number): number {
  return Math.ceil(dataSize * 1.1) + redoLogSize;
}

/**
 * Throws a TwinDbError unless the data directory is empty or absent and the file system has room for a replica of so many
 * bytes of data, whose server has a redo log of this size.
 */
export async function requireRoom(
  host: RemoteHost,
  datadir: string,
  { dataSize, redoLogSize }: { readonly dataSize: number; readonly redoLogSize: number },
): Promise<'absent' | 'empty'> {
  const state = await lookIntoDatadir(host, datadir);
  if (state === 'filled') {
    const working = await findClone(host, datadir);
    if (working !== undefined) throw claimedError(host, datadir, working);
    throw new TwinDbError(`The data directory ${datadir} on ${host.name} is not empty`, {
      remedy: 'Stop the server there and move the directory away, if nobody needs what is in it.',
    });
  }
  if (state === 'no folder') {
    throw new TwinDbError(`${datadir} on ${host.name} is no directory but a broken link or a file`, {
      remedy:
        'It is the data directory of the server there: mount what the link leads to, or correct its my.cnf.',
    });
  }
  const free = await measureFreeSpace(host, datadir);
  const wanted = roomFor(dataSize, redoLogSize);
  if (free < wanted) {
    throw new TwinDbError(
      `Not enough space in ${datadir} on ${host.name}: the data are ${formatBytes(dataSize)}, with logs and what is written meanwhile ` +
        `${formatBytes(wanted)}, and ${formatBytes(free)} are free`,
    );
  }
  return state;
}

/** A clone that is killed, or loses its connection for good, cannot empty the directory. */
function claimedError(host: RemoteHost, datadir: string, working: readonly number[]): TwinDbError {
  if (working.length > 0) {
    return new TwinDbError(`Another clone is filling the data directory ${datadir} on ${host.name}`, {
      remedy:
        'Wait for it. If the command that began it was killed or cut off, end there what it has started: ' +
        `kill -TERM ${working.map((group) => `-${group}`).join(' ')}`,
    });
  }
  return new TwinDbError(
    `The data directory ${datadir} on ${host.name} holds what a clone has left that was killed or cut off`,
    {
      remedy: `Empty it there and run this again: find ${quote(datadir)}/ -mindepth 1 -maxdepth 1 ! -name lost+found -exec rm -rf {} +`,
    },
  );
}

/** Throws a TwinDbError when something there listens on one of these ports already. */
export async function requireFreePorts(
  host: RemoteHost,
  ports: readonly { readonly port: number; readonly remedy: string }[],
): Promise<void> {
  const taken = await findListeningPorts(host);
  for (const { port, remedy } of ports) {
    if (taken.has(port))
      throw new TwinDbError(`Something on ${host.name} listens on port ${port} already`, { remedy });
  }
}
