import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { openCatalogue } from '../../catalogue/catalogue.ts';
import { findBinlogs } from '../../catalogue/find-binlogs.ts';
import { keepTrusted } from '../../catalogue/keep-trusted.ts';
import type { KnownBinlog } from '../../catalogue/list-binlogs.ts';
import { orderBinlogs } from '../../copies/order-binlogs.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import type { JobContext } from '../job-context.ts';
import { type ClaimedFolder, restoreInto } from './claim-folder.ts';
import { fetchBinlog, requireLogName } from './fetch-binlog.ts';
import { moveOut } from './move-out.ts';
import { warnOfTargetWriters } from './target-writers.ts';
import { timeRestore } from './time-restore.ts';

/**
 * Fetches copies of binary logs into `dst`, which must be empty or absent, each under its own name. Returns the files in
 * the order in which the server wrote them. When anything fails, `dst` is left empty.
 */
export async function restoreBinlogs(
  wanted: readonly string[],
  dst: string,
  context: JobContext,
): Promise<string[]> {
  const binlogs = await findBinlogs(wanted, openCatalogue(context));
  for (const { key, name } of binlogs) requireLogName(key, name);
  requireDistinctNames(binlogs);
  // Before hours of fetching others.
  for (const { candidates } of binlogs) keepTrusted(candidates, { log: { warn: () => undefined } });
  await warnOfTargetWriters(dst, context, { forServer: true });
  const restored = await restoreInto(dst, { mode: 0o700 }, context.log, (folder) =>
    timeRestore('binlog', context, () => fetchAll(binlogs, folder, context)),
  );
  return orderBinlogs(restored).map(({ name }) => join(dst, name));
}

/** Where logs are until all of them are complete, by their path. */
interface Shelf {
  /** For the one that is being written. */
  readonly part: string;
  readonly complete: string;
}

async function fetchAll(
  binlogs: readonly KnownBinlog[],
  folder: ClaimedFolder,
  context: JobContext,
): Promise<KnownBinlog[]> {
  const { path } = folder.work;
  const shelf = { part: join(path, 'part'), complete: join(path, 'complete') };
  for (const each of Object.values(shelf)) await mkdir(each, { mode: 0o700 });
  const restored: KnownBinlog[] = [];
  for (const binlog of binlogs) restored.push(await fetchOne(binlog, shelf, folder.name, context));
  context.signal.throwIfAborted();
  await moveOut(shelf.complete, folder);
  return restored;
}

function requireDistinctNames(binlogs: readonly KnownBinlog[]): void {
  const twin = binlogs.find(({ name }, index) => binlogs.findIndex((each) => each.name === name) !== index);
  if (twin === undefined) return;
  throw new TwinDbError(`Cannot restore two logs of the name ${twin.name} into one folder`, {
    remedy: 'Restore the logs of each host into a folder of its own.',
  });
}

/** Returns what was restored, with the time in its header where no status has told one. */
async function fetchOne(
  binlog: KnownBinlog,
  { part, complete }: Shelf,
  dst: string,
  context: JobContext,
): Promise<KnownBinlog> {
  const { name } = binlog;
  const { file, header, location } = await fetchBinlog(binlog, { path: part, dstName: dst }, context);
  await rename(file, join(complete, name));
  context.log.info(`Restored ${quoteLocation(location)} to ${quoteLocation(join(dst, name))}`);
  if (header.encrypted) {
    context.log.warn(
      `${quoteLocation(name)} is encrypted by the server that wrote it: mysqlbinlog cannot read the file, only a server can that has its key`,
    );
  }
  // The time of a file that was written just now says nothing.
  const inHeader = header.timeSource === 'header' ? header.timeCreated : undefined;
  return { ...binlog, timeCreated: binlog.copy?.timeCreated ?? inHeader ?? binlog.timeCreated };
}
