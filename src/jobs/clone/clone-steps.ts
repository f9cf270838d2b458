import { setTimeout as delay } from 'node:timers/promises';
import { TwinDbError } from '../../errors.ts';
import type { BackupInfo } from '../../mysql/copy/backup-info.ts';
import { extractCopy, halfOfAvailable, prepareCopy } from '../../mysql/copy/prepare.ts';
import { XbstreamGuard } from '../../mysql/copy/xbstream-guard.ts';
import { withDesync } from '../../mysql/server/galera.ts';
import { saysNoAdmission } from '../../mysql/server/mysql-errors.ts';
import { connectMysqlBy, type MysqlServer } from '../../mysql/server/server.ts';
import { DigestMeter } from '../../pipeline/digest.ts';
import { runPipeline } from '../../pipeline/run-pipeline.ts';
import { throttled } from '../../pipeline/throttle.ts';
import { openMysqlSource } from '../../sources/mysql.ts';
import { openForward } from '../../ssh/forward.ts';
import type { JobContext } from '../job-context.ts';
import { type ClaimedDatadir, claimDatadir } from './claim-datadir.ts';
import { disarmCopy } from './disarm-copy.ts';
import { readMeminfo } from './look-around.ts';
import type { ClonePlan } from './plan-clone.ts';
import type { RemoteHost } from './remote-host.ts';
import { openService } from './service-manager.ts';
import { runSupervised } from './supervise.ts';
import { startReceiving } from './transport.ts';
import type { Changes } from './undo.ts';
import { writeConfigs } from './write-configs.ts';

/** What the steps of a clone work with. Each notes down its changes before it makes them. */
export interface Cloning {
  /** The source, on this host. */
  readonly server: MysqlServer;
  /** The other one. */
  readonly host: RemoteHost;
  readonly plan: ClonePlan;
  readonly changes: Changes;
  readonly context: JobContext;
}

const OWNER = 'mysql:mysql';

/** Streams a full copy into the data directory of the other host. `info` says where replication has to begin. */
export async function copyData(
  cloning: Cloning,
): Promise<{ readonly info: BackupInfo; readonly claimed: ClaimedDatadir }> {
  const { server, host, plan, changes, context } = cloning;
  const claimed = await claimDatadir(host, plan.datadir, plan.datadirState, changes);
  const copy = () => streamCopy(cloning);
  const info = plan.galera ? await withDesync(server, copy, context) : await copy();
  return { info, claimed };
}

async function streamCopy({ server, host, plan, context }: Cloning): Promise<BackupInfo> {
  const { config, log, progress, signal } = context;
  const pace = config.mysql?.pace;
  const { openFiles, galera, dataSize, compression, datadir } = plan;
  await using source = await openMysqlSource({
    server,
    programs: plan.backupPrograms,
    fromLsn: undefined,
    openFiles,
    galera,
    ...(pace && { pace }),
    size: dataSize,
    log,
  });
  const line = progress.begin(`${source.title} to ${host.name}`, compression ? undefined : dataSize, {
    phase: 'Copying',
    isGuess: true,
  });
  try {
    const reading = await source.open();
    const compressing = compression ? [await compression.modifier.apply()] : [];
    const meter = new DigestMeter((bytes) => line.advance(bytes));
    const { command, args, failureLine } = extractCopy(
      { ...plan.programs, debianPackage: server.flavour.package },
      datadir,
    );
    const receiving = await startReceiving(
      host,
      plan.transport,
      { decompress: compression?.decompress, extract: [command, ...args], failureLine },
      { digest: () => meter.digest, onLine: (said) => log.debug(`${host.name}: ${said}`) },
    );
    // Here, as the program behind is on a host that does not have us.
    const guard = new XbstreamGuard(server.flavour.family);
    await runPipeline(
      [reading, guard, ...compressing, meter, ...throttled(context.rateLimit), receiving],
      signal,
    );
  } finally {
    line.end();
  }
  return source.facts();
}

/** Makes a datadir of the copy there, and gives it to the server's user. */
export async function prepareThere(
  { server, host, plan, context }: Cloning,
  claimed: ClaimedDatadir,
): Promise<void> {
  const { signal, log } = context;
  const plugins = await disarmCopy(host, plan.datadir);
  const program = prepareCopy({ ...plan.programs, debianPackage: server.flavour.package }, server.flavour, {
    target: plan.datadir,
    // Whether a control group there limits it, the command will not ask: 0 is no limit.
    memory: halfOfAvailable(await readMeminfo(host), 0),
    // The copy itself must not say where they are.
    pluginDir: plugins !== undefined && server.flavour.family === 'mariadb' ? plan.pluginDir : undefined,
    step: 'whole',
  });
  await runSupervised(host, program, { signal, onLine: (said) => log.debug(`${host.name}: ${said}`) });
  await claimed.release();
  // -H: the data directory may be a symbolic link, which -R alone does not follow.
  await host.capture(['chown', '-R', '-H', OWNER, '--', plan.datadir]);
}

/** Puts the source's configuration, as it has to be for a replica, in the place of that of the other host. */
export async function copyConfig({ host, plan, changes, context }: Cloning, suffix: string): Promise<void> {
  context.signal.throwIfAborted();
  await writeConfigs(host, plan.configs, suffix, changes);
}

/** How long the server there may take until it answers, in milliseconds. */
const START_MS = 180_000;

const POLL_MS = 500;

/** Starts the server there and connects to it as to the source. The caller disposes of the connection. */
export async function startReplica(cloning: Cloning): Promise<MysqlServer> {
  const { host, plan, changes, context } = cloning;
  context.signal.throwIfAborted();
  const service = openService(host, plan.manager, {
    server: plan.programs.server,
    log: `${plan.datadir}/${host.name}.err`,
    socket: plan.socket,
  });
  changes.add('the server, which runs', service.stop);
  await service.start();
  const replica = await waitForReplica(cloning, service.requireAlive);
  try {
    await requireOwnId(replica, plan);
    return replica;
  } catch (error) {
    await replica[Symbol.asyncDispose]();
    throw error;
  }
}

/** A configuration file that only the other host has can override the copied ones. */
async function requireOwnId(
  { variable }: Pick<MysqlServer, 'variable'>,
  { serverId }: ClonePlan,
): Promise<void> {
  const actual = await variable('server_id');
  if (Number(actual) === serverId) return;
  throw new TwinDbError(
    `Its server_id is ${actual} instead of ${serverId}: another option file there overrides it`,
    {
      remedy: 'Remove server_id from the option files there that this host does not have.',
    },
  );
}

async function waitForReplica(cloning: Cloning, requireAlive: () => Promise<void>): Promise<MysqlServer> {
  const { signal } = cloning.context;
  const deadline = performance.now() + START_MS;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await connectReplica(cloning);
    } catch (error) {
      const isRefused = error instanceof TwinDbError && saysNoAdmission(error.cause);
      if (isRefused || performance.now() > deadline) throw error;
      await requireAlive();
    }
    await delay(POLL_MS, undefined, { signal });
  }
}

/**
 * The copy has the source's accounts, so ours will do. The way is the source's as well, by socket or by TCP to loopback,
 * inside the SSH connection, which is why TLS is needed only where the account demands it.
 */
async function connectReplica({ server, host, plan, context }: Cloning): Promise<MysqlServer> {
  const { options } = server;
  const way =
    options.socket === undefined ? { host: '127.0.0.1', port: plan.replicaPort } : { socket: plan.socket };
  const mode = ['preferred', 'disabled'].includes(options.ssl.mode) ? 'disabled' : 'required';
  const replica = {
    ...options,
    host: host.name,
    port: plan.replicaPort,
    socket: undefined,
    ssl: { ...options.ssl, mode },
  } as const;
  return await connectMysqlBy(replica, context.log, context.signal, async () =>
    openForward(await host.connection(), way),
  );
}
