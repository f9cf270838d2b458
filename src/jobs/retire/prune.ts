import { quoteLocation } from '../../copies/quote-location.ts';
import type { Writer } from '../../copies/writer.ts';
import { describeError, TwinDbError } from '../../errors.ts';
import { FILES, reviewFiles } from '../../kinds/files.ts';
import type { Review } from '../../kinds/kind.ts';
import type { MysqlServer } from '../../mysql/server/server.ts';
import { isFromFuture } from '../../retention/newest-first.ts';
import { toSeconds } from '../../units.ts';
import { requireDistinctPlaces } from '../backup/distinct-places.ts';
import { hasServer } from '../backup/run-record.ts';
import type { JobContext } from '../job-context.ts';
import { binlogExpiry } from '../record/expire-binlogs.ts';
import { findOwn } from '../record/find-own.ts';
import { findLostCopies } from '../record/lost-copies.ts';
import { openPlaces, type PlacesOfKinds } from '../record/open-places.ts';
import { listPending } from '../record/pending-deletions.ts';
import {
  type CopyPlace,
  type CopyPlaces,
  changeStatus,
  confirmEntries,
  finishAllDeletions,
  listPlaces,
  rehearseChange,
  type StatusChange,
} from '../record/record-copy.ts';
import { inPlace, type PlaceDecision } from '../record/retention-decisions.ts';
import { writerOf } from '../record/server-writer.ts';

/** What came of retention. */
export interface Pruned {
  readonly decisions: readonly PlaceDecision[];
  /** Objects whose deletion an interrupted run had left, by their locations. */
  readonly pending: readonly string[];
  /** False: something could not be decided about or deleted, which has been reported. */
  readonly complete: boolean;
}

/** How the decisions of a place are come by: carried out, or only told. */
type Apply = <C extends { readonly key: string; readonly size?: number | undefined }>(
  place: CopyPlace,
  change: StatusChange<C>,
) => Promise<void>;

/**
 * Retention without a backup, of what this host backs up now: its directories, the server and its binary logs. It decides as the last run
 * did, by the counts that are configured by now. With `dryRun` nothing is changed. Reports the failure of one kind and goes on with the
 * others; throws when the statuses of directories cannot be read, when copies of this host are missing at the destination, and when some are dated after now.
 */
export async function prune({ dryRun }: { readonly dryRun: boolean }, context: JobContext): Promise<Pruned> {
  const { config, log, signal } = context;
  const places = await openPlaces(context);
  for (const { status } of listPlaces(places.files)) await status.read();
  if (!dryRun) await requireDistinctPlaces(context, 'deleted');
  const lost = await findLostCopies(places, context);
  if (lost !== undefined)
    throw new TwinDbError(`Nothing was deleted: ${lost.message}`, { remedy: lost.remedy });
  await requireClock(places, context);
  const decisions: PlaceDecision[] = [];
  const pending: string[] = [];
  let complete = true;
  const apply: Apply = async (place, change) => {
    const found = await (dryRun ? rehearseChange : changeStatus)(place, change, log);
    decisions.push(...inPlace(place, found));
  };
  const attempt = async (
    title: string,
    kept: readonly CopyPlaces[],
    work: () => Promise<void>,
  ): Promise<void> => {
    try {
      for (const each of kept) pending.push(...(await listPending(each)));
      await work();
      if (dryRun) return;
      for (const each of kept) await finishAllDeletions(each);
      for (const each of kept) await confirmEntries(each);
    } catch (cause) {
      signal.throwIfAborted();
      log.error(describeError(new TwinDbError(title, { cause })));
      complete = false;
    }
  };
  await attempt('Cannot apply the retention of directories', [places.files], () =>
    pruneFiles(places, apply, context),
  );
  // What was decided before is carried out also where there is no server any more.
  const ofServer = hasServer(config)
    ? () => pruneServer(places, { apply, dryRun }, context)
    : async () => undefined;
  await attempt('Cannot apply the retention of the MySQL server', [places.mysql, places.binlog], ofServer);
  return { decisions, pending, complete };
}

/**
 * Copies that are dated after now count as the oldest. By a clock that is behind these are the newest ones, and no run makes one in their
 * place here.
 */
async function requireClock(places: PlacesOfKinds, { now }: Pick<JobContext, 'now'>): Promise<void> {
  for (const media of ['files', 'mysql'] as const) {
    const { status, format, destination } = places[media].destination;
    // One that cannot be read is reported where its copies are decided about.
    const stored = await status.read().catch(() => undefined);
    for (const [key, attributes] of stored ? format.entries(stored.status) : []) {
      const backupStarted = format.timeOf(attributes) ?? 0;
      if (!isFromFuture({ backupStarted }, toSeconds(now()))) continue;
      throw new TwinDbError(
        `Nothing was deleted: ${quoteLocation(destination.locate(key))} is dated after the clock of this machine`,
        {
          remedy:
            'Compare the clock with another one. If it is right, that copy was dated by a clock that was not: delete it with twindb-backup delete.',
        },
      );
    }
  }
}

async function pruneFiles({ files }: PlacesOfKinds, apply: Apply, context: JobContext): Promise<void> {
  const { config, log } = context;
  const us = { machineId: context.machineId() };
  const { backupDirs } = config.source;
  const own = findOwn(FILES, (await files.destination.status.read()).status, us, context);
  const former = new Set(
    own.map(({ sourcePath }) => sourcePath).filter((path) => !backupDirs.includes(path)),
  );
  if (former.size > 0) {
    log.info(
      `Left alone are the copies of directories that are no longer backed up: ${[...former].toSorted().map(quoteLocation).join(', ')}\n` +
        'twindb-backup delete removes them.',
    );
  }
  const review = { ...reviewOf(us, context), directories: backupDirs };
  for (const place of listPlaces(files)) {
    await apply(place, { plan: (status) => reviewFiles(status, review, place) });
  }
}

async function pruneServer(
  places: PlacesOfKinds,
  { apply, dryRun }: { readonly apply: Apply; readonly dryRun: boolean },
  context: JobContext,
): Promise<void> {
  const { config, log, signal } = context;
  if (config.mysql === undefined) return;
  // Loaded only here: most hosts have directories and no server.
  const [{ connectMysql }, { listClosedBinlogs }, { dropStreamed }] = await Promise.all([
    import('../../mysql/server/server.ts'),
    import('../../mysql/binlog/binlogs.ts'),
    import('../backup/drop-streamed.ts'),
  ]);
  // Another server of this host name may have copies in the same status, so it has to say who it is.
  await using server = await connectMysql(config.mysql, log, signal);
  if (config.source.backupMysql) await pruneMysql(server, places.mysql, apply, context);
  const policy = {
    expireLogDays: config.mysql.expireLogDays,
    now: toSeconds(context.now()),
    serverIdentity: server.identity,
  };
  for (const place of listPlaces(places.binlog)) {
    await apply(place, binlogExpiry(place, writerOf(server, context), policy, context.host));
  }
  if (!dryRun) await dropStreamed((await listClosedBinlogs(server)) ?? [], places.binlog, policy, context);
}

async function pruneMysql(
  server: MysqlServer,
  mysql: CopyPlaces,
  apply: Apply,
  context: JobContext,
): Promise<void> {
  const [{ MYSQL, reviewMysqlCopies }, us] = [
    await import('../../kinds/mysql.ts'),
    writerOf(server, context),
  ];
  findOwn(MYSQL, (await mysql.destination.status.read()).status, us, context);
  for (const place of listPlaces(mysql)) {
    await apply(place, {
      plan: (status) => reviewMysqlCopies(status, reviewOf(us, context), place, context.log),
    });
  }
}

function reviewOf(us: Writer, { host, now }: JobContext): Review {
  return { us, host, now: toSeconds(now()) };
}
