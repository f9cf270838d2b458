import type { SshConfig } from '../../config/config.ts';
import { TwinDbError } from '../../errors.ts';
import type { BackupInfo } from '../../mysql/copy/backup-info.ts';
import type { ReplicationSource } from '../../mysql/replication-syntax.ts';
import { connectMysql, type MysqlServer } from '../../mysql/server/server.ts';
import type { JobContext, ProgressLine } from '../job-context.ts';
import { showStep } from '../show-step.ts';
import { type Cloning, copyConfig, copyData, prepareThere, startReplica } from './clone-steps.ts';
import { type ClonePlan, type CloneRequest, planClone } from './plan-clone.ts';
import { openRemoteHost, type RemoteHost } from './remote-host.ts';
import { replicateFrom } from './replication.ts';
import { type Replicating, requireReplicating } from './require-replicating.ts';
import { readSourcePlace, type SourcePlace } from './source-place.ts';
import { noteChanges } from './undo.ts';

/** A replica that runs. */
export interface Clone {
  readonly plan: ClonePlan;
  readonly source: ReplicationSource;
  readonly state: Replicating;
  /** How far the source had logged when replication had started. */
  readonly wanted: SourcePlace;
  /** Whether others than its source can write to it; the source's configuration decides. */
  readonly isWritable: boolean;
  /** What the configuration files that were there before got added to their names. */
  readonly suffix: string;
}

/**
 * Makes the destination a replica of the server on this host. All that can be wrong is looked for before anything changes; when
 * a later step fails, or the signal comes, what was changed there is changed back. Throws a TwinDbError that names the step, and
 * what remains if anything does.
 */
export async function cloneMysql(
  request: CloneRequest,
  { ssh, defaultsFile }: { readonly ssh: SshConfig; readonly defaultsFile: string },
  context: JobContext,
): Promise<Clone> {
  const { log } = context;
  await using server = await connectMysql({ defaultsFile }, log, context.signal);
  await using host = await openRemoteHost(request.destination.host, ssh, log);
  log.info(`Looking whether ${host.name} can become a replica`);
  const plan = await showStep(context, ['Looking at', host.name], () =>
    planClone(server, host, request, context),
  );
  return await carryOut(plan, { server, host }, request, context);
}

async function carryOut(
  plan: ClonePlan,
  { server, host }: { readonly server: MysqlServer; readonly host: RemoteHost },
  request: CloneRequest,
  context: JobContext,
): Promise<Clone> {
  const { log, signal, now, progress } = context;
  const changes = noteChanges();
  const cloning: Cloning = { server, host, plan, changes, context };
  const suffix = `.before-clone-${now().toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}`;
  let step = '';
  let line: ProgressLine | undefined;
  const begin = (title: string) => {
    signal.throwIfAborted();
    step = title;
    log.info(`${host.name}: ${title}`);
    line?.end();
    line = progress.begin(`${host.name}: ${title}`, undefined, { isStep: true });
  };
  try {
    begin('copying the data');
    const { info, claimed } = await copyData(cloning);
    const source = await replicationSource(plan, request, server, info);
    begin('preparing the copy');
    await prepareThere(cloning, claimed);
    begin('copying the configuration');
    await copyConfig(cloning, suffix);
    begin('starting the server');
    await using replica = await startReplica(cloning);
    begin('starting replication');
    await replicateFrom(replica, source, request.replication.password);
    // After all preparation: what has changed here meanwhile has to arrive.
    const wanted = await readSourcePlace(server);
    const state = await requireReplicating(replica, wanted, context);
    const isWritable = !/^(ON|1)$/i.test((await replica.variable('read_only')) ?? '');
    return { plan, source, state, wanted, suffix, isWritable };
  } catch (cause) {
    const left = await changes.undoAll();
    if (signal.aborted) {
      if (left.length > 0) log.warn(`On ${host.name} remains: ${left.join('; ')}`);
      throw cause;
    }
    throw new TwinDbError(`Cloning to ${host.name} failed while ${step}`, {
      cause,
      remedy:
        left.length === 0
          ? `${host.name} is as it was before, and the server on this host was not changed.`
          : `The server on this host was not changed. On ${host.name} remains: ${left.join('; ')}`,
    });
  } finally {
    line?.end();
  }
}

async function replicationSource(
  { source }: ClonePlan,
  { replication }: CloneRequest,
  server: MysqlServer,
  { binlog, position, gtid }: BackupInfo,
): Promise<ReplicationSource> {
  if (binlog === undefined || position === undefined) {
    throw new TwinDbError(`The copy does not tell its place in the binary logs of ${server.flavour.title}`);
  }
  const place = { binlog, position };
  const begin = gtid === undefined ? undefined : await server.flavour.replication.gtidAt(server, place, gtid);
  return { ...source, ...place, user: replication.user, gtid: begin };
}
