import { chmod, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type KnownCopy, openCatalogue } from '../../catalogue/catalogue.ts';
import { findCopy } from '../../catalogue/find-copy.ts';
import type { FileCopy } from '../../copies/file-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { ProcessError } from '../../errors.ts';
import { FILES } from '../../kinds/files.ts';
import { runPipeline } from '../../pipeline/run-pipeline.ts';
import { copyAttributes, extractFiles } from '../../sources/files.ts';
import { TarCheck } from '../../sources/tar-check.ts';
import { TarRefusals } from '../../sources/tar-refusals.ts';
import type { JobContext } from '../job-context.ts';
import { type ClaimedFolder, restoreInto } from './claim-folder.ts';
import { fetchCopy } from './fetch-copy.ts';
import { moveOut } from './move-out.ts';
import { warnOfTargetWriters } from './target-writers.ts';
import { timeRestore } from './time-restore.ts';

/**
 * Gives back the files of a copy below `dst`, which must be empty or absent. `wanted` is what `ls` prints. The keep-local
 * copy is used when it is whole. When anything fails, `dst` is left empty; when only some files could not be made, and `keepGoing`, it
 * holds the others, and the error names what is missing.
 */
export async function restoreFile(
  wanted: string,
  dst: string,
  context: JobContext,
  keepGoing = false,
): Promise<void> {
  const catalogue = openCatalogue(context);
  const candidates = await catalogue.lookUp(await findCopy(wanted, 'files', catalogue), FILES);
  await warnOfTargetWriters(dst, context);
  await timeRestore('files', context, async () => {
    const { location, refusals } = await restoreInto(dst, {}, context.log, (folder) =>
      unpack(candidates, folder, keepGoing, context),
    );
    if (refusals.count > 0) throw incomplete(location, dst, refusals);
    context.log.info(`Restored ${quoteLocation(location)} to ${dst}`);
  });
}

function incomplete(location: string, dst: string, { lines, count }: TarRefusals): ProcessError {
  const more = count > lines.length ? [`and ${count - lines.length} more`] : [];
  return new ProcessError(
    `Restored ${quoteLocation(location)} to ${dst}, but for what tar could not make there`,
    {
      exitCode: null,
      signal: null,
      stderr: [...lines, ...more],
    },
  );
}

interface Unpacked {
  readonly location: string;
  /** What tar could not make. */
  readonly refusals: TarRefusals;
}

/** What is in the archive belongs to others and may be open to them: until it is complete nobody else gets there. */
async function unpack(
  candidates: readonly KnownCopy<FileCopy>[],
  folder: ClaimedFolder,
  keepGoing: boolean,
  context: JobContext,
): Promise<Unpacked> {
  const tree = join(folder.work.path, 'files');
  await mkdir(tree, { mode: 0o700 });
  const made = await stat(tree);
  let refusals = new TarRefusals();
  const fetching = {
    candidates,
    dst: tree,
    dstName: folder.name,
    checkEnd: () => new TarCheck(),
    extract: () => {
      refusals = new TarRefusals();
      return extractFiles(tree, keepGoing ? refusals : undefined);
    },
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
  return { location, refusals };
}
