import { chmod, chown, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { flavourOf } from '../../mysql/flavours.ts';
import { describeZone } from '../../mysql/private-server/describe-zone.ts';
import { type PrivateServer, startPrivateServer } from '../../mysql/private-server/private-server.ts';
import { secondsSince } from '../../units.ts';
import type { JobContext } from '../job-context.ts';
import type { ClaimedFolder } from '../restore/claim-folder.ts';
import type { CopyCache } from '../restore/copy-cache.ts';
import { type PreparedData, type RebuiltData, rebuildMysql } from '../restore/rebuild-mysql.ts';
import { showStep } from '../show-step.ts';
import { LostServerError } from './explain-replay.ts';
import { listPreparedXa } from './prepared-xa.ts';
import type { RecoveryLog, RecoveryPlan, StopPoint } from './recovery-plan.ts';
import { type Replayed, replayLogs } from './replay-logs.ts';
import { requireServer } from './require-server.ts';
import { watchRoom } from './watch-room.ts';

/** What was done on the private server. */
export interface ReplayOutcome extends Replayed {
  /** Prepared XA transactions, as XA COMMIT takes them. */
  readonly preparedXa: readonly string[];
  readonly seconds: { readonly boot: number; readonly replay: number; readonly stop: number };
}

/** A data directory that is as of the target. */
export interface RecoveredData {
  readonly data: RebuiltData;
  /** Undefined: the copy itself ends at the target. */
  readonly replay: ReplayOutcome | undefined;
}

/** Where the data get to. */
interface Place {
  readonly dst: string;
  readonly cache: CopyCache | undefined;
  /** Folders of ours above it, the topmost first, which the server's account must be let into. */
  readonly above?: readonly string[];
}

/** Restores the copy of a plan, and replays its logs up to the stop on a private server. When anything fails, `dst` is left empty. */
export async function recoverData(
  { base, start, copy }: RecoveryPlan,
  { logs, stopPosition }: StopPoint,
  { dst, cache, above = [] }: Place,
  context: JobContext,
): Promise<RecoveredData> {
  if (logs.length === 0) {
    return { data: await rebuildMysql(base, dst, cache, context), replay: undefined };
  }
  const range = { logs, startPosition: start.position, stopPosition };
  let replay: ReplayOutcome | undefined;
  const change = async (prepared: PreparedData): Promise<void> => {
    replay = await replayOn(prepared, above, range, context);
  };
  const require = (folder: ClaimedFolder) =>
    requireServer(
      flavourOf(copy.serverVendor, copy.serverVersion),
      above[0] ?? folder.target.path,
      context.signal,
    );
  const data = await rebuildMysql(base, dst, cache, context, { room: roomFor(logs), require, change });
  return { data, replay };
}

/** Two logs are on the disk at a time, and what they bring takes about as much as they have. */
function roomFor(logs: readonly RecoveryLog[]): { least: number; likely: number } {
  const sizes = logs.map(({ source, size }) =>
    source.kind === 'file' ? 0 : source.kind === 'parts' ? source.log.end : size,
  );
  const sum = logs.reduce((all, { size }) => all + size, 0);
  return { least: Math.max(0, ...sizes), likely: sum };
}

async function replayOn(
  { dir, folder, data }: PreparedData,
  above: readonly string[],
  range: Parameters<typeof replayLogs>[0],
  context: JobContext,
): Promise<ReplayOutcome> {
  const { flavour, setup, config } = data;
  const { work, target, name } = folder;
  const shelf = { path: join(work.path, 'logs'), dstName: name };
  await mkdir(shelf.path, { mode: 0o700 });
  const replayWith = async (signal: AbortSignal): Promise<ReplayOutcome> => {
    const within = { ...context, signal };
    const begun = performance.now();
    await using server = await showStep(context, ['Starting a private server'], () =>
      startPrivateServer({
        datadir: dir,
        above: [...above, target.path, work.path],
        flavour,
        setup,
        config,
        purpose: 'replay',
        log: context.log,
        signal,
      }),
    );
    const booted = secondsSince(begun);
    const zone = await describeZone(server, setup, signal);
    if (zone !== undefined) context.log.warn(zone);
    const replaying = performance.now();
    const replayed = await replayLogs(range, { ...server, flavour }, shelf, within).catch((error: unknown) =>
      explainEnd(error, server),
    );
    const took = secondsSince(replaying);
    const preparedXa = await listPreparedXa(server, flavour);
    const stopping = performance.now();
    await showStep(context, ['Stopping the private server'], () => server.stop());
    return { ...replayed, preparedXa, seconds: { boot: booted, replay: took, stop: secondsSince(stopping) } };
  };
  const outcome = await watchRoom({ path: work.path, name, work: replayWith }, context.signal);
  await closeFolder(folder, dir);
  return outcome;
}

/** Of a server that has ended its log tells why. */
async function explainEnd(error: unknown, server: PrivateServer): Promise<never> {
  if (error instanceof LostServerError) throw await server.explain(error.message, error);
  throw error;
}

/** It was opened to the server's account, which has the data by now: as the data directory of a server is. */
async function closeFolder({ target }: ClaimedFolder, dir: string): Promise<void> {
  const { uid, gid } = await stat(dir);
  await chown(target.path, uid, gid);
  await chmod(target.path, 0o700);
}
