import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import { COMPRESSORS } from '../../compression/compressors.ts';
import { TwinDbError } from '../../errors.ts';
import { chooseCompressor } from '../../modifiers/choose-compressor.ts';
import type { Modifier } from '../../modifiers/modifier.ts';
import { type BackupPrograms, findPrograms } from '../../mysql/copy/programs.ts';
import { isGalera } from '../../mysql/server/galera.ts';
import { measureData, readRedoLogSize } from '../../mysql/server/measure-data.ts';
import { countOpenFiles } from '../../mysql/server/open-files.ts';
import { requireOwnDatadir } from '../../mysql/server/own-files.ts';
import type { MysqlServer } from '../../mysql/server/server.ts';
import type { JobContext } from '../job-context.ts';
import type { Address } from './address.ts';
import { type ConfigFile, editConfigs } from './edit-my-cnf.ts';
import { findSource } from './find-source.ts';
import { findMissing } from './look-around.ts';
import type { RemoteHost } from './remote-host.ts';
import {
  filesOf,
  foldersOf,
  readSourceConfigs,
  requireOneFolder,
  requireUnfiltered,
  settingsOfReplica,
} from './replica-config.ts';
import { type ReplicationUser, requireConnectBack, requireReplicationAdmin } from './replication-user.ts';
import { requireSource, warnOfFilters } from './require-source.ts';
import { findServiceManager, type ServiceManager } from './service-manager.ts';
import {
  findReplicaPrograms,
  type ReplicaPrograms,
  readReplicaVariables,
  requireFreePorts,
  requireRoom,
} from './survey.ts';
import { NETCAT_PROGRAMS, probeNetcat, type Transport } from './transport.ts';

/** What is to be cloned, and how. */
export interface CloneRequest {
  /** Undefined: the server on this host. */
  readonly source: Address | undefined;
  readonly destination: Address;
  readonly replication: ReplicationUser;
  readonly transport: Transport['kind'];
  readonly netcatPort: number;
  readonly compress: boolean;
}

/** All that is known before anything is changed. */
export interface ClonePlan {
  readonly galera: boolean;
  readonly backupPrograms: BackupPrograms;
  readonly openFiles: number;
  /** Bytes. */
  readonly dataSize: number;
  /** Where the replica finds its source. */
  readonly source: { readonly host: string; readonly port: number };
  readonly replicaPort: number;
  readonly datadir: string;
  readonly datadirState: 'absent' | 'empty';
  readonly serverId: number;
  readonly configs: readonly ConfigFile[];
  readonly socket: string;
  /** Where the server there has its plugins; undefined: it does not say. */
  readonly pluginDir: string | undefined;
  readonly manager: ServiceManager;
  readonly programs: ReplicaPrograms;
  readonly transport: Transport;
  /** What compresses here and decompresses there. */
  readonly compression: { readonly modifier: Modifier; readonly decompress: readonly string[] } | undefined;
}

/**
 * Finds out all that a clone needs, and that it can be done, without changing anything on either host. Throws a TwinDbError
 * that says what stands in the way.
 */
export async function planClone(
  server: MysqlServer,
  host: RemoteHost,
  request: CloneRequest,
  context: JobContext,
): Promise<ClonePlan> {
  const { log, config, cores } = context;
  const source = await findSource(server, host, request.source);
  await requireSource(server);
  await warnOfFilters(server, log);
  await requireOwnDatadir(server);
  const sourceDatadir = resolve((await server.variable('datadir')) ?? '/var/lib/mysql');
  await requireOneFolder(server, sourceDatadir);
  const galera = await isGalera(server);
  const backupPrograms = await findPrograms(server, context.programs, context.signal);
  const openFiles = await countOpenFiles(server);
  const dataSize = await measureData(server);
  const files = await readSourceConfigs(server, log);

  const decompressor = request.compress ? COMPRESSORS[config.compression.program].elsewhere : undefined;
  const programs = await findReplicaPrograms(host, server.flavour, [
    ...(decompressor ? [{ names: [decompressor.words[0]], debianPackage: decompressor.debianPackage }] : []),
    ...(request.transport === 'netcat' ? [{ names: NETCAT_PROGRAMS, debianPackage: 'ncat' }] : []),
  ]);
  const { values, groups, optionFiles } = await readReplicaVariables(host, programs.server);
  requireSameOptionFile(files, optionFiles, host);
  requireUnfiltered(files, groups);
  const datadir = resolve(values.get('datadir') ?? '');
  const datadirState = await requireRoom(host, datadir, {
    dataSize,
    redoLogSize: await readRedoLogSize(server),
  });
  const replicaPort = request.destination.port ?? source.port;
  await requireFreePorts(host, portsOf(request, replicaPort));
  const serverId = await chooseServerId(server);
  const settings = settingsOfReplica(files, groups, {
    serverId,
    sourceDatadir,
    datadir,
    sourcePort: source.port,
    port: replicaPort,
    sourceAddress: source.host,
    address: host.name,
    galera,
  });
  const configs = editConfigs(files, groups, settings);
  await requireNamed(
    host,
    'folder',
    foldersOf(configs, groups, datadir),
    (missing) => `Run there: install -d -o mysql -g mysql ${missing}`,
  );
  await requireNamed(
    host,
    'file',
    filesOf(configs, groups, datadir),
    () => 'Copy it there, or make one for that host; the user mysql must be able to read it.',
  );
  await requireReplicationAdmin(server);
  await requireConnectBack(host, { ...source, server }, request.replication, context);
  return {
    galera,
    backupPrograms,
    openFiles,
    dataSize,
    source,
    replicaPort,
    datadir,
    datadirState,
    serverId,
    configs,
    socket: (await server.variable('socket')) ?? values.get('socket') ?? '',
    pluginDir: values.get('plugin-dir'),
    manager: await findServiceManager(host, [...new Set([server.flavour.service, 'mysql', 'mysqld'])]),
    programs,
    transport: await chooseTransport(host, request, programs.more),
    compression: decompressor && {
      modifier: chooseCompressor(config.compression, cores),
      decompress: decompressor.words,
    },
  };
}

/** One more than the largest server_id there is. */
const SERVER_IDS = 2 ** 32;

async function chooseServerId({ variable }: Pick<MysqlServer, 'variable'>): Promise<number> {
  const taken = Number(await variable('server_id'));
  // Drawn, as nobody knows the ids of all servers that replicate from each other.
  const id = randomInt(1, SERVER_IDS - 1);
  return id === taken ? id + 1 : id;
}

/** The copied files must be the ones that the server there reads. */
function requireSameOptionFile(
  files: readonly ConfigFile[],
  optionFiles: readonly string[],
  host: RemoteHost,
): void {
  if (files.some(({ path }) => optionFiles.includes(path))) return;
  throw new TwinDbError(
    `The server on this host was started with ${files[0]?.path}, which a server on ${host.name} would not read`,
    { remedy: `Keep its configuration in one of ${optionFiles.join(', ')}.` },
  );
}

function portsOf({ transport, netcatPort }: CloneRequest, replicaPort: number) {
  const mysql = { port: replicaPort, remedy: 'Stop the MySQL server there first.' };
  if (transport === 'ssh') return [mysql];
  return [
    mysql,
    { port: netcatPort, remedy: 'Name another port with --netcat-port, or use --transport ssh.' },
  ];
}

async function requireNamed(
  host: RemoteHost,
  kind: 'folder' | 'file',
  paths: readonly string[],
  remedy: (missing: string) => string,
): Promise<void> {
  const missing = await findMissing(host, kind, paths);
  if (missing.length === 0) return;
  throw new TwinDbError(`${host.name} lacks ${missing.join(', ')}, which the source's my.cnf names`, {
    remedy: remedy(missing.join(' ')),
  });
}

async function chooseTransport(
  host: RemoteHost,
  { transport, netcatPort }: CloneRequest,
  found: readonly string[],
): Promise<Transport> {
  if (transport === 'ssh') return { kind: 'ssh' };
  const names = found.map((path) => path.slice(path.lastIndexOf('/') + 1));
  const program = NETCAT_PROGRAMS.find((name) => names.includes(name)) ?? '';
  return await probeNetcat(host, program, netcatPort);
}
