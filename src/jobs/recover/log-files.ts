import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeFolder } from '../../remove-folder.ts';
import { type JobContext, NO_PROGRESS } from '../job-context.ts';
import { fetchBinlog } from '../restore/fetch-binlog.ts';
import type { RecoveryLog } from './recovery-plan.ts';

/** Where logs are fetched to. */
export interface Shelf {
  /** This process's own. */
  readonly path: string;
  /** The folder that the operator named, for messages. */
  readonly dstName: string;
}

/** A log as a file of this machine, verified as far as there is a checksum. */
export interface LogFile {
  readonly log: RecoveryLog;
  readonly path: string;
  /** In bytes. */
  readonly size: number;
}

/**
 * The logs, one after the other, each while its successor is being fetched: two of them are on the disk at any time. What was fetched is removed when
 * the next one is asked for. Returning early ends the fetching.
 */
export async function* openLogs(
  logs: readonly RecoveryLog[],
  shelf: Shelf,
  context: JobContext,
): AsyncGenerator<LogFile> {
  const over = new AbortController();
  // There is one line for all of them.
  const quiet = {
    ...context,
    progress: NO_PROGRESS,
    signal: AbortSignal.any([context.signal, over.signal]),
  };
  const begin = (index: number): Promise<LogFile | undefined> => {
    const log = logs[index];
    const file = log === undefined ? Promise.resolve(undefined) : open(log, folderOf(index), shelf, quiet);
    // It is waited for later.
    file.catch(() => undefined);
    return file;
  };
  const folderOf = (index: number): string => join(shelf.path, String(index));
  let next = begin(0);
  try {
    for (let index = 0; index < logs.length; index += 1) {
      const file = await next;
      if (file === undefined) return;
      next = begin(index + 1);
      yield file;
      await removeFolder(folderOf(index));
    }
  } finally {
    over.abort();
    await next.catch(() => undefined);
  }
}

async function open(
  log: RecoveryLog,
  folder: string,
  { dstName }: Shelf,
  context: JobContext,
): Promise<LogFile> {
  if (log.source.kind === 'file') return await measure(log, log.source.path);
  await mkdir(folder, { mode: 0o700 });
  const { file } = await fetchBinlog(log.source.binlog, { path: folder, dstName }, context);
  return await measure(log, file);
}

async function measure(log: RecoveryLog, path: string): Promise<LogFile> {
  return { log, path, size: (await stat(path)).size };
}
