import { type Catalogue, openCatalogue } from '../../catalogue/catalogue.ts';
import type { BinlogCopy } from '../../copies/binlog-copy.ts';
import type { FileCopy } from '../../copies/file-copy.ts';
import type { Media } from '../../copies/key.ts';
import { type MysqlCopy, SERVER_SOURCE } from '../../copies/mysql-copy.ts';
import type { WrittenCopy } from '../../copies/writer.ts';
import type { Destination } from '../../destinations/destination.ts';
import { TwinDbError } from '../../errors.ts';
import { BINLOG } from '../../kinds/binlog.ts';
import { FILES } from '../../kinds/files.ts';
import type { Role } from '../../kinds/found-copy.ts';
import type { Kind, RecordedCopy } from '../../kinds/kind.ts';
import { MYSQL } from '../../kinds/mysql.ts';
import { verifiedSubject } from '../../lock/verified-record.ts';
import { tellApart } from '../../retention/own-copies.ts';
import { toSeconds } from '../../units.ts';
import { type Measure, readLastRun } from '../backup/measures.ts';
import { BINLOG_PART, listConfigured } from '../backup/run-record.ts';
import { findOverdue, OVERDUE_MEDIA } from '../check/find-overdue.ts';
import type { JobContext } from '../job-context.ts';
import { type SourceSummary, type SummarisedCopy, summariseCopies } from './source-summary.ts';

/** How much room there is in one of the places. */
export interface Room {
  readonly place: Role;
  readonly url: string;
  /** Bytes; undefined: the place does not tell. */
  readonly free: number | undefined;
}

/** A host at a glance. */
export interface HostSummary {
  readonly host: string;
  readonly sources: readonly SourceSummary[];
  readonly rooms: readonly Room[];
  /** Bytes that the newest copies of all sources took at the destination. */
  readonly newestSize: number;
  /** The last run of this machine, whatever came of it; undefined where none is recorded, and of another host. */
  readonly lastRun: Measure | undefined;
  /** What could not be read. */
  readonly failures: readonly unknown[];
}

/**
 * What the statuses at the destination, the configuration and the records of this machine say of a host. No copy is listed or read. Throws a
 * TwinDbError when there is nothing of another host.
 */
export async function summariseHost(host: string, context: JobContext): Promise<HostSummary> {
  const failures: unknown[] = [];
  const attempt = async <T>(work: () => Promise<T>, fallback: T): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      context.signal.throwIfAborted();
      failures.push(error);
      return fallback;
    }
  };
  const isOurs = host === context.host;
  const catalogue = openCatalogue(context);
  const copies = [
    ...(await attempt(() => listFiles(host, catalogue), [])),
    ...(await attempt(() => listMysql(host, catalogue), [])),
    ...(await attempt(() => listBinlogs(host, catalogue), [])),
  ];
  const configured = isOurs ? listConfigured(context.config) : [];
  if (!isOurs && copies.length === 0 && failures.length === 0) {
    throw new TwinDbError(`There is no status of the host ${host} on ${context.destination.url}`, {
      remedy: 'twindb-backup ls shows the copies of all hosts; their keys begin with the name of the host.',
    });
  }
  const overdue = isOurs ? await attempt(() => listOverdue(context), undefined) : undefined;
  const sources: SourceSummary[] = [];
  for (const { media, source } of distinct([...configured, ...copies])) {
    sources.push({
      media,
      source,
      isConfigured: isOurs
        ? configured.some((part) => part.media === media && part.source === source)
        : undefined,
      isLate: media === BINLOG_PART.media ? undefined : overdue?.has(source),
      ...summariseCopies(
        copies.filter((copy) => copy.media === media && copy.source === source),
        toSeconds(context.now()),
      ),
      verified: await context.verified?.read(verifiedSubject(host, source)),
    });
  }
  const rooms: Room[] = [];
  for (const [place, where] of [
    ['destination', context.destination],
    ['local', context.local],
  ] as const) {
    const room = where && (await attempt(() => readRoom(place, where), undefined));
    if (room) rooms.push(room);
  }
  return {
    host,
    sources,
    rooms,
    newestSize: sources.reduce((sum, { newest }) => sum + (newest?.size ?? 0), 0),
    lastRun: isOurs ? await readLastRun(context.config.measuresLog, context.log) : undefined,
    failures,
  };
}

/** The copies that a status lists; of this host those of other machines of its name are left out. */
async function listOwn<C extends RecordedCopy & WrittenCopy>(
  host: string,
  kind: Kind<C>,
  { status, context }: Catalogue,
): Promise<readonly C[]> {
  const { copies, failure } = await status('destination', host, kind);
  if (failure !== undefined) throw failure as Error;
  return host === context.host ? tellApart(copies, { machineId: context.machineId() }).ours : copies;
}

async function listFiles(host: string, catalogue: Catalogue): Promise<SummarisedCopy[]> {
  const copies: readonly FileCopy[] = await listOwn(host, FILES, catalogue);
  return copies.map(({ key, runType, sourcePath, backupStarted, backupFinished, size }) => ({
    key,
    media: 'files',
    source: sourcePath,
    runType,
    started: backupStarted,
    finished: backupFinished,
    size,
    isComplete: true,
  }));
}

async function listMysql(host: string, catalogue: Catalogue): Promise<SummarisedCopy[]> {
  const copies: readonly MysqlCopy[] = await listOwn(host, MYSQL, catalogue);
  return copies.map(({ key, runType, type, backupStarted, backupFinished, size }) => ({
    key,
    media: 'mysql',
    source: SERVER_SOURCE,
    runType,
    started: backupStarted,
    finished: backupFinished,
    size,
    isComplete: type === 'full',
  }));
}

async function listBinlogs(host: string, catalogue: Catalogue): Promise<SummarisedCopy[]> {
  const copies: readonly BinlogCopy[] = await listOwn(host, BINLOG, catalogue);
  return copies.map(({ key, timeCreated, contents, size }) => ({
    key,
    ...BINLOG_PART,
    runType: undefined,
    started: timeCreated,
    finished: Math.max(timeCreated, contents?.lastTime ?? 0),
    size,
    isComplete: false,
  }));
}

/** The sources whose newest copy is too old. */
async function listOverdue(context: JobContext): Promise<ReadonlySet<string>> {
  const stale = await Promise.all(OVERDUE_MEDIA.map((media) => findOverdue(media, context)));
  return new Set(stale.flat().map(({ source }) => source));
}

function distinct(
  parts: readonly { readonly media: Media; readonly source: string }[],
): { readonly media: Media; readonly source: string }[] {
  return [...new Map(parts.map((part) => [`${part.media}\0${part.source}`, part])).values()];
}

async function readRoom(place: Role, where: Destination): Promise<Room> {
  try {
    return { place, url: where.url, free: await where.room?.() };
  } catch (cause) {
    throw new TwinDbError(`Cannot find out how much room there is on ${where.url}`, { cause });
  }
}
