import { createWriteStream } from 'node:fs';
import { mkdir, rename, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type BinlogCopy, binlogKeyOfObject, compareBinlogNames } from '../../copies/binlog-copy.ts';
import { TwinDbError } from '../../errors.ts';
import { readBinlogHeader } from '../../mysql/binlog/binlog-header.ts';
import { BINLOG_STATUS, type BinlogStatus, binlogCopies } from '../../status/binlog-status.ts';
import { type FoundBinlog, findBinlogs } from '../find/find-binlogs.ts';
import { findRecord, type RecordKind } from '../find/find-record.ts';
import type { JobContext } from '../job-context.ts';
import { leaveEmpty, requireEmptyFolder } from './empty-folder.ts';
import { fetchCopy } from './fetch-copy.ts';
import { timeRestore } from './time-restore.ts';

const RECORDS: RecordKind<BinlogStatus, BinlogCopy> = {
  format: BINLOG_STATUS,
  copies: binlogCopies,
  isOf: (copy, objectKey) => copy.key === binlogKeyOfObject(objectKey),
};

/** One log is written here and moved out when it is whole. */
const WORK = '.twindb-restore';

/**
 * Fetches copies of binary logs into `dst`, which must be empty or absent, each under its own name. Returns the files in
 * the order of their names. When anything fails, `dst` is left empty.
 */
export async function restoreBinlogs(
  wanted: readonly string[],
  dst: string,
  context: JobContext,
): Promise<string[]> {
  const binlogs = (await findBinlogs(wanted, context)).toSorted((a, b) => compareBinlogNames(a.name, b.name));
  requireDistinctNames(binlogs);
  await requireEmptyFolder(dst);
  await timeRestore('binlog', context, () => fetchAll(binlogs, dst, context));
  return binlogs.map(({ name }) => join(dst, name));
}

async function fetchAll(binlogs: readonly FoundBinlog[], dst: string, context: JobContext): Promise<void> {
  try {
    const work = join(dst, WORK);
    await mkdir(work, { mode: 0o700 });
    for (const binlog of binlogs) await fetchBinlog(binlog, work, dst, context);
    await rmdir(work);
    context.signal.throwIfAborted();
  } catch (error) {
    await leaveEmpty(dst, error);
    throw error;
  }
}

function requireDistinctNames(binlogs: readonly FoundBinlog[]): void {
  const twin = binlogs.find(({ name }, index) => binlogs.findIndex((each) => each.name === name) !== index);
  if (twin === undefined) return;
  throw new TwinDbError(`Cannot restore two logs of the name ${twin.name} into one folder`, {
    remedy: 'Restore the logs of each host into a folder of its own.',
  });
}

async function fetchBinlog(
  { name, candidates }: FoundBinlog,
  work: string,
  dst: string,
  context: JobContext,
): Promise<void> {
  const file = join(work, name);
  let isEncrypted = false;
  const location = await fetchCopy(
    {
      candidates,
      dst: work,
      lookUp: (candidate) => findRecord(candidate, RECORDS, context),
      extract: () => createWriteStream(file, { flags: 'wx', mode: 0o640 }),
      // Without a checksum this still tells an empty or foreign file.
      check: async () => {
        isEncrypted = (await readBinlogHeader(file)).encrypted;
      },
    },
    context,
  );
  await rename(file, join(dst, name));
  context.log.info(`Restored ${location} to ${join(dst, name)}`);
  if (!isEncrypted) return;
  context.log.warn(
    `${name} is encrypted by the server that wrote it: mysqlbinlog cannot read the file, only a server can that has its key`,
  );
}
