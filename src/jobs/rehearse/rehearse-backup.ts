import type { RunType } from '../../copies/run-type.ts';
import { TwinDbError } from '../../errors.ts';
import type { Part } from '../../exporters/report.ts';
import { BINLOG_PART, directoryPart, hasServer, listParts, MYSQL_PART } from '../backup/run-record.ts';
import type { JobContext } from '../job-context.ts';
import { findLostCopies } from '../record/lost-copies.ts';
import { openPlaces, type PlacesOfKinds } from '../record/open-places.ts';
import { listPending } from '../record/pending-deletions.ts';
import type { PlannedPart } from './planned-part.ts';
import { rehearseDirectory } from './rehearse-directory.ts';

/** A part of a run, and what it would do, or why it would fail. */
export type RehearsedPart =
  | { readonly part: Part; readonly plan: PlannedPart }
  | { readonly part: Part; readonly failure: unknown };

/** What a run would do. */
export interface Rehearsal {
  /** `[intervals]` lets no run of this type do anything. */
  readonly isOff: boolean;
  readonly parts: readonly RehearsedPart[];
  /** The locations of what an interrupted run has left to be deleted. */
  readonly pending: readonly string[];
}

/**
 * Finds out what `runBackup` would do, and changes nothing anywhere: it takes no lock, so that a run may go on beside it. Throws where
 * a run would do nothing at all, as for a destination that cannot be reached.
 */
export async function rehearseBackup(
  runType: RunType,
  { binlogsOnly }: { readonly binlogsOnly: boolean },
  context: JobContext,
): Promise<Rehearsal> {
  const { config } = context;
  if (!config.intervals[runType]) return { isOff: true, parts: [], pending: [] };
  const wanted = listParts(config, { runType, binlogsOnly });
  if (wanted.length === 0 && !hasServer(config)) {
    throw new TwinDbError(
      `A ${runType} run has nothing to back up: the configuration names no directory and no server`,
      {
        remedy: 'Name directories in [source] backup_dirs.',
      },
    );
  }
  const places = await openPlaces(context);
  const pending: string[] = [];
  for (const media of new Set(['files' as const, ...wanted.map((part) => part.media)]))
    pending.push(...(await listPending(places[media])));
  await noticeLost(places, context);
  const parts: RehearsedPart[] = [];
  const attempt = async (part: Part, work: () => Promise<PlannedPart>): Promise<void> => {
    try {
      parts.push({ part, plan: await work() });
    } catch (failure) {
      context.signal.throwIfAborted();
      parts.push({ part, failure });
    }
  };
  for (const { source } of wanted.filter(({ media }) => media === 'files')) {
    await attempt(directoryPart(source), () => rehearseDirectory(source, runType, places.files, context));
  }
  const ofServer = wanted.filter(({ media }) => media !== 'files');
  try {
    if (ofServer.length > 0) await rehearseServer(ofServer, runType, places, attempt, context);
  } catch (failure) {
    context.signal.throwIfAborted();
    for (const part of ofServer) parts.push({ part, failure });
  }
  return { isOff: false, parts, pending };
}

async function rehearseServer(
  parts: readonly Part[],
  runType: RunType,
  places: PlacesOfKinds,
  attempt: (part: Part, work: () => Promise<PlannedPart>) => Promise<void>,
  context: JobContext,
): Promise<void> {
  const { mysql } = context.config;
  if (mysql === undefined) return;
  // Loaded only here: most hosts have directories and no server.
  const [{ connectMysql }, { rehearseBinlogs, rehearseMysql }] = await Promise.all([
    import('../../mysql/server/server.ts'),
    import('./rehearse-server.ts'),
  ]);
  await using server = await connectMysql(mysql, context.log, context.signal);
  for (const { media } of parts) {
    if (media === 'mysql')
      await attempt(MYSQL_PART, () => rehearseMysql(server, mysql, runType, places.mysql, context));
    else await attempt(BINLOG_PART, () => rehearseBinlogs(server, mysql, places.binlog, context));
  }
}

/** As a run does: where copies of this host are missing it warns, or makes none. */
async function noticeLost(places: PlacesOfKinds, context: JobContext): Promise<void> {
  const lost = await findLostCopies(places, context);
  if (lost === undefined) return;
  const { message, remedy } = lost;
  if (context.config.mustExist)
    throw new TwinDbError(`Nothing would be backed up: ${message}, and [destination] must_exist is set`, {
      remedy,
    });
  context.warnLasting('lost copies', `${message}\n${remedy}`);
}
