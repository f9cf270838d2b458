import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import { removeFolder } from '../../remove-folder.ts';
import { type JobContext, NO_PROGRESS } from '../job-context.ts';
import { fetchBinlog, requireLogName } from '../restore/fetch-binlog.ts';
import { readStreamedLog } from '../stream/read-streamed-log.ts';
import type { RecoveryLog } from './recovery-plan.ts';
import { type Span, scanFile, type WholeLog } from './scan-file.ts';

/** Where logs are fetched to. */
export interface Shelf {
  /** This process's own. */
  readonly path: string;
  /** The folder that the operator named, for messages. */
  readonly dstName: string;
}

/** Logs in the order in which they were written, and what of them is wanted. */
export interface LogRange {
  readonly logs: readonly RecoveryLog[];
  /** Bytes from the beginning of the first of them, where a transaction ends. */
  readonly startPosition: number;
  /** The same of the last of them; undefined: all of it. */
  readonly stopPosition: number | undefined;
}

/** A log as a file of this machine, verified as far as there is a checksum, and looked through. */
export interface LogFile extends WholeLog {
  readonly log: RecoveryLog;
  readonly path: string;
}

/**
 * The logs, one after the other, each while its successor is being fetched: two of them are on the disk at any time. What was fetched is removed when
 * the next one is asked for. Returning early ends the fetching.
 */
export async function* openLogs(range: LogRange, shelf: Shelf, context: JobContext): AsyncGenerator<LogFile> {
  const over = new AbortController();
  // There is one line for all of them.
  const quiet = {
    ...context,
    progress: NO_PROGRESS,
    signal: AbortSignal.any([context.signal, over.signal]),
  };
  const folderOf = (index: number): string => join(shelf.path, String(index));
  const begin = (index: number): Promise<LogFile> | undefined => {
    const log = range.logs[index];
    if (log === undefined) return undefined;
    const file = open(log, spanOf(range, index), { ...shelf, path: folderOf(index) }, quiet);
    // It is waited for later.
    file.catch(() => undefined);
    return file;
  };
  let previous: LogFile | undefined;
  let next = begin(0);
  try {
    for (let index = 0; next !== undefined; index += 1) {
      const file = await next;
      requireContinuing(previous, file);
      previous = file;
      next = begin(index + 1);
      yield file;
      await removeFolder(folderOf(index));
    }
  } finally {
    over.abort();
    await next?.catch(() => undefined);
  }
}

/** What lies behind the last complete transaction of a log that was cut short may be one that the server has kept. Throws a TwinDbError. */
function requireContinuing(last: LogFile | undefined, { log, gtidStart }: LogFile): void {
  if (last === undefined || last.torn === 0 || last.gtidEnd === gtidStart) return;
  throw new TwinDbError(
    `The log ${quoteLocation(last.log.binlog)} is damaged or cut short at position ${last.end}: it ends at GTID ${last.gtidEnd}, and ${quoteLocation(log.binlog)} goes on from ${gtidStart}`,
    { remedy: `Restore to that position at the latest: --to-position ${last.log.binlog}:${last.end}` },
  );
}

/** What of the log with this index is wanted. */
function spanOf({ logs, startPosition, stopPosition }: LogRange, index: number): Span {
  return {
    from: index === 0 ? startPosition : 0,
    to: index === logs.length - 1 ? stopPosition : undefined,
  };
}

async function open(
  log: RecoveryLog,
  span: Span,
  { path: folder, dstName }: Shelf,
  context: JobContext,
): Promise<LogFile> {
  const { path, dropped } = await fetch(log, folder, dstName, context);
  const scan = await scanFile(path, log.binlog, span, context.signal);
  // Behind the end of what is wanted it does not matter.
  return { log, path, ...scan, torn: scan.torn + (span.to === undefined ? dropped : 0) };
}

interface FetchedLog {
  readonly path: string;
  /** Bytes of a transaction whose end is not stored, which the file does not have. */
  readonly dropped: number;
}

async function fetch(
  { source, binlog }: RecoveryLog,
  folder: string,
  dstName: string,
  context: JobContext,
): Promise<FetchedLog> {
  if (source.kind === 'file') return { path: source.path, dropped: 0 };
  await mkdir(folder, { mode: 0o700 });
  if (source.kind === 'copy') {
    const { file } = await fetchBinlog(source.binlog, { path: folder, dstName }, context);
    return { path: file, dropped: 0 };
  }
  requireLogName(source.log.parts[0]?.key ?? '', binlog);
  const path = join(folder, binlog);
  const { dropped } = await readStreamedLog(source.log, path, context);
  return { path, dropped };
}
