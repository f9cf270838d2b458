import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { TwinDbError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { collectConfigs } from '../../mysql/server/my-cnf.ts';
import type { MysqlServer } from '../../mysql/server/server.ts';
import { captureOutput } from '../../process/capture.ts';
import { type ConfigFile, findOption, type Setting } from './edit-my-cnf.ts';

/** Where the two hosts differ, as far as the server's configuration goes. */
export interface Differences {
  readonly serverId: number;
  readonly sourceDatadir: string;
  /** Where the replica's own configuration wants its data. */
  readonly datadir: string;
  readonly sourcePort: number;
  readonly port: number;
  readonly sourceAddress: string;
  readonly address: string;
  readonly galera: boolean;
}

const PERMISSIONS = 0o777;

/** The source's configuration files with all they include. Throws a TwinDbError when there are none. */
export async function readSourceConfigs(server: MysqlServer, log: Log): Promise<ConfigFile[]> {
  const saved = await collectConfigs(server, log);
  const paths = saved.flatMap((file) => Object.keys(file));
  if (paths.length === 0) {
    throw new TwinDbError('The server on this host has no configuration file that could be copied');
  }
  return await Promise.all(
    paths.map(async (path) => ({
      path,
      text: readFileSync(path, 'latin1'),
      mode: statSync(path).mode & PERMISSIONS,
      owner: await readOwner(path),
    })),
  );
}

/** The names of user and group, as their numbers may differ between two hosts. */
async function readOwner(path: string): Promise<string> {
  const args = ['-L', '-c', '%U:%G', '--', path];
  return (await captureOutput({ command: 'stat', args, debianPackage: 'coreutils' })).trim();
}

/** The options that name a file or a folder, besides the data directory. */
const PATH_OPTIONS = [
  'aria-log-dir-path',
  'general-log-file',
  'log-bin',
  'log-bin-index',
  'log-error',
  'relay-log',
  'relay-log-index',
  'slow-query-log-file',
  'tmpdir',
];

/** The options that name a file without which the server does not start, or does not encrypt. */
const FILE_OPTIONS = ['file-key-management-filename', 'init-file', 'ssl-ca', 'ssl-cert', 'ssl-key'];

/** The options whose value is this host's own address, when it is one. */
const ADDRESS_OPTIONS = ['bind-address', 'report-host'];

const FILTER_OPTIONS = [
  'replicate-do-db',
  'replicate-do-table',
  'replicate-ignore-db',
  'replicate-ignore-table',
  'replicate-rewrite-db',
  'replicate-wild-do-table',
  'replicate-wild-ignore-table',
];

/**
 * These files are going to be the replica's, which would leave out what its source may leave out of its own source's events.
 * Throws a TwinDbError when they have such options.
 */
export function requireUnfiltered(files: readonly ConfigFile[], groups: readonly string[]): void {
  const filters = FILTER_OPTIONS.flatMap((name) =>
    findOption(files, groups, name).map((value) => `${name.replaceAll('-', '_')}=${value}`),
  );
  if (filters.length === 0) return;
  throw new TwinDbError(
    `The my.cnf of this host would make the replica leave out changes of this host: ${filters.join(', ')}`,
    {
      remedy:
        'Take these lines out of it while the clone is made; the server on this host keeps what they say until it is restarted.',
    },
  );
}

/** What a replica must have otherwise: always its own id, the rest where the hosts differ. */
export function settingsOfReplica(
  files: readonly ConfigFile[],
  groups: readonly string[],
  differences: Differences,
): Setting[] {
  const { serverId, sourceDatadir, datadir, sourcePort, port, galera } = differences;
  const moved = sourceDatadir === datadir ? [] : movePaths(files, groups, sourceDatadir, datadir);
  const addresses = ADDRESS_OPTIONS.filter((name) =>
    findOption(files, groups, name).includes(differences.sourceAddress),
  );
  return [
    { name: 'server-id', value: String(serverId) },
    ...moved,
    ...(sourcePort === port ? [] : [{ name: 'port', value: String(port) }]),
    ...addresses.map((name) => ({ name, value: differences.address })),
    // A server that joined its source's cluster would be filled anew, and be no replica.
    ...(galera
      ? [
          { name: 'wsrep-on', value: 'OFF' },
          { name: 'wsrep-provider', value: 'none' },
        ]
      : []),
  ];
}

function movePaths(
  files: readonly ConfigFile[],
  groups: readonly string[],
  from: string,
  to: string,
): Setting[] {
  const inside = PATH_OPTIONS.flatMap((name) => {
    const value = findOption(files, groups, name).at(-1);
    return value?.startsWith(`${from}/`) ? [{ name, value: to + value.slice(from.length) }] : [];
  });
  return [{ name: 'datadir', value: to }, ...inside];
}

/** The folders that the server needs besides its data directory, as these files name them. */
export function foldersOf(
  files: readonly ConfigFile[],
  groups: readonly string[],
  datadir: string,
): string[] {
  const paths = PATH_OPTIONS.flatMap((name) => {
    const value = findPath(files, groups, name);
    if (value === undefined) return [];
    return [name === 'tmpdir' || name === 'aria-log-dir-path' ? value : dirname(value)];
  });
  return [...new Set(paths)].filter((path) => path !== datadir && !path.startsWith(`${datadir}/`));
}

/** The files that have to be there already, as these files name them. */
export function filesOf(files: readonly ConfigFile[], groups: readonly string[], datadir: string): string[] {
  const paths = FILE_OPTIONS.flatMap((name) => findPath(files, groups, name) ?? []);
  // Nobody can put a file into a directory that has to be empty.
  return [...new Set(paths)].filter((path) => !path.startsWith(`${datadir}/`));
}

/** The value that counts, if it is an absolute path. */
function findPath(files: readonly ConfigFile[], groups: readonly string[], name: string): string | undefined {
  const value = findOption(files, groups, name)
    .at(-1)
    ?.replace(/^(["'])(.*)\1$/, '$2');
  return value?.startsWith('/') ? value : undefined;
}

/** Options that put files of InnoDB elsewhere than into the data directory. */
const INNODB_FOLDERS = ['innodb_data_home_dir', 'innodb_log_group_home_dir', 'innodb_undo_directory'];

/** A copy is unpacked into one folder and used where it lies. Throws a TwinDbError when the source's files lie in several. */
export async function requireOneFolder(
  { variable }: Pick<MysqlServer, 'variable'>,
  datadir: string,
): Promise<void> {
  for (const name of INNODB_FOLDERS) {
    const value = await variable(name);
    if (!value || resolve(datadir, value) === resolve(datadir)) continue;
    throw new TwinDbError(
      `${name} is ${value}, which is not the data directory ${datadir}; such a server cannot be cloned`,
      {
        remedy:
          'Use restore mysql on the other host, and move the files to where its configuration wants them.',
      },
    );
  }
}
