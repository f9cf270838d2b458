import { rmdir } from 'node:fs/promises';
import type { FileCopy } from '../../copies/file-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { describeError } from '../../errors.ts';
import { extractFiles } from '../../sources/files.ts';
import { TarEndCheck } from '../../sources/tar-end.ts';
import { FILES_STATUS, fileCopies } from '../../status/files-status.ts';
import type { PeriodicStatus } from '../../status/periodic-status.ts';
import { type Candidate, findCopy } from '../find/find-copy.ts';
import { findRecord, type RecordKind } from '../find/find-record.ts';
import type { JobContext } from '../job-context.ts';
import { claimEmptyFolder, leaveEmpty } from './empty-folder.ts';
import { fetchCopy } from './fetch-copy.ts';
import { timeRestore } from './time-restore.ts';

const RECORDS: RecordKind<PeriodicStatus, FileCopy> = {
  format: FILES_STATUS,
  copies: fileCopies,
  isOf: (copy, objectKey) => copy.key === objectKey,
};

/**
 * Gives back the files of a copy below `dst`, which must be empty or absent. `wanted` is what `ls` prints. The keep-local
 * copy is used when it is whole. When anything fails, `dst` is left empty.
 */
export async function restoreFile(wanted: string, dst: string, context: JobContext): Promise<void> {
  const candidates = await findCopy(wanted, 'files', context);
  const claim = await claimEmptyFolder(dst);
  const fetching = {
    candidates,
    dst,
    lookUp: (candidate: Candidate) => findRecord(candidate, RECORDS, context),
    checkEnd: () => new TarEndCheck(),
    extract: () => extractFiles(dst),
  };
  try {
    const location = await timeRestore('files', context, () => fetchCopy(fetching, context));
    context.log.info(`Restored ${quoteLocation(location)} to ${dst}`);
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
