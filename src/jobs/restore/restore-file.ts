import { chmod, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { FileCopy } from '../../copies/file-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { FILES } from '../../kinds/files.ts';
import { runPipeline } from '../../pipeline/run-pipeline.ts';
import { copyAttributes, extractFiles } from '../../sources/files.ts';
import { TarCheck } from '../../sources/tar-check.ts';
import { findCopy } from '../find/find-copy.ts';
import { findRecord } from '../find/find-record.ts';
import type { Known } from '../find/keep-trusted.ts';
import type { JobContext } from '../job-context.ts';
import { type ClaimedFolder, restoreInto } from './claim-folder.ts';
import { fetchCopy } from './fetch-copy.ts';
import { moveOut } from './move-out.ts';
import { warnOfTargetWriters } from './target-writers.ts';
import { timeRestore } from './time-restore.ts';

/**
 * Gives back the files of a copy below `dst`, which must be empty or absent. `wanted` is what `ls` prints. The keep-local
 * copy is used when it is whole. When anything fails, `dst` is left empty.
 */
export async function restoreFile(wanted: string, dst: string, context: JobContext): Promise<void> {
  const candidates: Known<FileCopy>[] = [];
  for (const candidate of await findCopy(wanted, 'files', context)) {
    candidates.push({ ...candidate, lookup: await findRecord(candidate, FILES, context) });
  }
  await warnOfTargetWriters(dst, context);
  const location = await restoreInto(dst, {}, context.log, (folder) =>
    timeRestore('files', context, () => unpack(candidates, folder, context)),
  );
  context.log.info(`Restored ${quoteLocation(location)} to ${dst}`);
}

/** What is in the archive belongs to others and may be open to them: until it is complete nobody else gets there. */
async function unpack(
  candidates: readonly Known<FileCopy>[],
  folder: ClaimedFolder,
  context: JobContext,
): Promise<string> {
  const tree = join(folder.work.path, 'files');
  await mkdir(tree, { mode: 0o700 });
  const made = await stat(tree);
  const fetching = {
    candidates,
    dst: tree,
    dstName: folder.name,
    checkEnd: () => new TarCheck(),
    extract: () => extractFiles(tree),
  };
  const location = await fetchCopy(fetching, context);
  const { mode, uid, gid, mtimeMs } = await stat(tree);
  // The archive of / has an entry of the folder itself, of an earlier time than now at least.
  const hasOwnEntry = mode !== made.mode || uid !== made.uid || gid !== made.gid || mtimeMs < made.mtimeMs;
  // Nothing can be moved out of a folder that is closed to us.
  await chmod(tree, 0o700);
  await moveOut(tree, folder, async () => {
    await chmod(tree, mode & 0o7777);
    if (hasOwnEntry)
      await runPipeline([Readable.from([]), ...copyAttributes(tree, folder.target.path)], context.signal);
  });
  return location;
}
