import { rmdir } from 'node:fs/promises';
import type { FileCopy } from '../../copies/file-copy.ts';
import { describeError } from '../../errors.ts';
import { extractFiles } from '../../sources/files.ts';
import { TarCheck } from '../../sources/tar-check.ts';
import { FILES_STATUS, fileCopies } from '../../status/files-status.ts';
import type { PeriodicStatus } from '../../status/periodic-status.ts';
import { findCopy } from '../find/find-copy.ts';
import { findRecord, type RecordKind } from '../find/find-record.ts';
import type { Known } from '../find/keep-trusted.ts';
import type { JobContext } from '../job-context.ts';
import { claimEmptyFolder, leaveEmpty } from './empty-folder.ts';
import { fetchCopy } from './fetch-copy.ts';
import { timeRestore } from './time-restore.ts';

const RECORDS: RecordKind<PeriodicStatus, FileCopy> = {
  format: FILES_STATUS,
  copies: fileCopies,
};

/**
 * Gives back the files of a copy below `dst`, which must be empty or absent. `wanted` is what `ls` prints. The keep-local
 * copy is used when it is whole. When anything fails, `dst` is left empty.
 */
export async function restoreFile(wanted: string, dst: string, context: JobContext): Promise<void> {
  const candidates: Known<FileCopy>[] = [];
  for (const candidate of await findCopy(wanted, 'files', context)) {
    candidates.push({ ...candidate, lookup: await findRecord(candidate, RECORDS, context) });
  }
  const claim = await claimEmptyFolder(dst);
  const fetching = {
    candidates,
    dst,
    checkEnd: () => new TarCheck(),
    extract: () => extractFiles(dst),
  };
  try {
    const location = await timeRestore('files', context, () => fetchCopy(fetching, context));
    context.log.info(`Restored ${location} to ${dst}`);
  } catch (error) {
    await leaveEmpty(dst, error);
    throw error;
  }
  try {
    await rmdir(claim);
  } catch (error) {
    // The copy of a folder that nobody may write to has made `dst` one as well.
    context.log.warn(`The empty folder ${claim} could not be removed: ${describeError(error)}`);
  }
}
