import { chmod, lstat, mkdir, rmdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type KnownCopy, openCatalogue } from '../../catalogue/catalogue.ts';
import { findCopy } from '../../catalogue/find-copy.ts';
import { recordOf } from '../../catalogue/keep-trusted.ts';
import { LATEST } from '../../catalogue/newest-copies.ts';
import type { FileCopy } from '../../copies/file-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { hasCode, IntegrityError, ProcessError } from '../../errors.ts';
import { FILES } from '../../kinds/files.ts';
import { runPipeline, type Stage } from '../../pipeline/run-pipeline.ts';
import { copyAttributes, extractFiles } from '../../sources/files.ts';
import { TarCheck } from '../../sources/tar-check.ts';
import { TarRefusals } from '../../sources/tar-refusals.ts';
import { TarSelect } from '../../sources/tar-select.ts';
import type { JobContext } from '../job-context.ts';
import { type ClaimedFolder, restoreInto } from './claim-folder.ts';
import { fetchCopy } from './fetch-copy.ts';
import { findLatestFile, type LatestOptions } from './latest-copy.ts';
import { moveOut } from './move-out.ts';
import { PathSelection, type WantedPaths } from './path-selection.ts';
import { warnOfTargetWriters } from './target-writers.ts';
import { timeRestore } from './time-restore.ts';

interface RestoreFileOptions {
  /** Must be empty or absent. */
  readonly dst: string;
  /** Keep what could be made when some files could not. */
  readonly keepGoing?: boolean;
  /** Undefined: all that is in the copy. */
  readonly wantedPaths?: WantedPaths | undefined;
  /** Which copy `latest` is; by default the newest one of this host. */
  readonly latest?: LatestOptions;
}

/**
 * Gives back the files of a copy below `dst`, or those of them that are wanted. `wanted` is what `ls` prints, or `latest`. The keep-local
 * copy is used when it is whole. When anything fails, `dst` is left empty; when only some files could not be made, and `keepGoing`, it
 * holds the others, and the error names what is missing.
 */
export async function restoreFile(
  wanted: string,
  options: RestoreFileOptions,
  context: JobContext,
): Promise<void> {
  const { dst, wantedPaths, latest = { host: context.host, before: undefined } } = options;
  const catalogue = openCatalogue(context);
  const copy =
    wanted === LATEST ? await findLatestFile(latest, wantedPaths, catalogue, context.now()) : wanted;
  const candidates = await catalogue.lookUp(await findCopy(copy, 'files', catalogue), FILES);
  await warnOfTargetWriters(dst, context);
  await timeRestore('files', context, async () => {
    const { location, refusals } = await restoreInto(dst, {}, context.log, (folder) =>
      unpack(candidates, folder, options, context),
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
  { keepGoing = false, wantedPaths }: RestoreFileOptions,
  context: JobContext,
): Promise<Unpacked> {
  const tree = join(folder.work.path, 'files');
  await mkdir(tree, { mode: 0o700 });
  const made = await stat(tree);
  const { location, refusals } = await fetchInto(
    tree,
    folder,
    { candidates, wantedPaths, keepGoing },
    context,
  );
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

interface FileFetch {
  readonly candidates: readonly KnownCopy<FileCopy>[];
  readonly wantedPaths: WantedPaths | undefined;
  readonly keepGoing: boolean;
  /** Whether this is for the hard links that the first reading found. */
  readonly isForLinks?: boolean;
}

/** Unpacks a copy, or the wanted paths of it, into `tree`. */
async function fetchInto(
  tree: string,
  folder: ClaimedFolder,
  { candidates, wantedPaths, keepGoing, isForLinks = false }: FileFetch,
  context: JobContext,
): Promise<Unpacked> {
  let refusals = new TarRefusals();
  let selection: PathSelection | undefined;
  const inFront = (hasChecksum: boolean): Stage[] => {
    selection = wantedPaths && new PathSelection(wantedPaths, recordOf(candidates)?.sourcePath);
    if (selection !== undefined) return [new TarSelect((member) => selection?.isWanted(member) ?? true)];
    // With a checksum tar can have its input from the decompressor directly.
    return hasChecksum ? [] : [new TarCheck()];
  };
  const location = await fetchCopy(
    {
      candidates,
      dst: tree,
      dstName: folder.name,
      isPart: wantedPaths !== undefined,
      extract(hasChecksum) {
        refusals = new TarRefusals();
        return [...inFront(hasChecksum), extractFiles(tree, keepGoing ? refusals : undefined)];
      },
    },
    context,
  );
  // In another place it has the same files.
  selection?.requireAll(location);
  const links = selection?.links ?? new Map<string, string>();
  if (links.size === 0) return { location, refusals };
  // It would be read for ever, each time for another one.
  if (isForLinks) {
    const [path = ''] = links.keys();
    throw new IntegrityError(
      `In ${quoteLocation(location)} ${quoteLocation(`/${path}`)} is a hard link to more than one file`,
      { remedy: 'Restore it without paths.' },
    );
  }
  context.log.debug(`Reading ${quoteLocation(location)} once more for ${links.size} hard links`);
  const targets = new Set(links.values());
  const paths = [...links.keys(), ...targets].map((path) => `/${path}`);
  const linked = await fetchInto(
    tree,
    folder,
    { candidates, wantedPaths: { paths, isGlob: false }, keepGoing, isForLinks: true },
    context,
  );
  for (const target of targets) await removeOnly(tree, target);
  const all = new TarRefusals();
  for (const line of [...refusals.lines, ...linked.refusals.lines]) all.take(line);
  return { location, refusals: all };
}

/** Removes a file that was unpacked for another name of it, and the folders that are only there for it. */
async function removeOnly(tree: string, path: string): Promise<void> {
  const parts = path.split('/');
  const folders = parts.slice(0, -1).map((_, at) => join(tree, ...parts.slice(0, at + 1)));
  // The archive may have made a link of a folder, which leads out of here.
  for (const each of folders) if (!(await lstat(each)).isDirectory()) return;
  await unlink(join(tree, path));
  for (const each of folders.toReversed()) {
    try {
      await rmdir(each);
    } catch (error) {
      if (hasCode(error, 'ENOTEMPTY', 'EEXIST')) return;
      throw error;
    }
  }
}
