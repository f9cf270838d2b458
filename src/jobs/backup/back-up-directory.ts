import type { FileCopy } from '../../copies/file-copy.ts';
import { fileCopyKey, nameOfKey } from '../../copies/key.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import type { RunType } from '../../copies/run-type.ts';
import { FILES } from '../../kinds/files.ts';
import { makeFolder } from '../../make-folder.ts';
import { openFileSource } from '../../sources/files.ts';
import { requireAnswer } from '../../sources/require-answer.ts';
import { formatBytes, toSeconds } from '../../units.ts';
import type { JobContext } from '../job-context.ts';
import { findOwn } from '../record/find-own.ts';
import type { CopyPlaces } from '../record/record-copy.ts';
import { warnOfFuture } from '../record/warn-of-future.ts';
import { warnOfShrinkage } from '../record/warn-of-shrinkage.ts';
import { copyFoldersBelow } from './copy-folders.ts';
import { recordStored } from './record-stored.ts';
import { logFieldsOf, type StoredObject, storeCopy } from './store-copy.ts';
import { takenKeys, unusedStarts } from './unused-start.ts';

/**
 * Backs up one directory and enters the copy in the status and its retention, at the destination and locally. Returns
 * the bytes stored on the destination.
 */
export async function backUpDirectory(
  path: string,
  runType: RunType,
  places: CopyPlaces,
  context: JobContext,
): Promise<number> {
  const { config, host, log } = context;
  const { status } = await places.destination.status.read();
  warnOfFuture(FILES, status, context);
  const machineId = context.machineId();
  const own = findOwn(FILES, status, { machineId }, context);
  const keyOf = (start: Date) => fileCopyKey(host, runType, path, start);
  const startAt = unusedStarts(await takenKeys(places), keyOf, context.now());
  const keyAt = (index: number) => keyOf(startAt(index));
  await requireAnswer(path, context.signal);
  const exclude = await copyFoldersBelow(path, config);
  // Made while tar reads the folder around them, they would be a change that it warns of.
  for (const folder of exclude) await makeFolder(folder, 0o700);
  const { tarOptions, oneFileSystem, exclude: patterns } = config.source;
  const source = openFileSource(path, { tarOptions, patterns, oneFileSystem, exclude });
  log.debug(`Backing up ${quoteLocation(path)} to ${quoteLocation(context.destination.locate(keyAt(0)))}`);
  const stored = await storeCopy(
    source,
    { keyAt, previousSize: latestCopy(own, host, runType, path)?.size },
    context,
  );

  const { unpackedSize, members, changes, leftOut } = source.facts();
  for (const change of changes) log.warn(`${quoteLocation(path)} changed while it was backed up: ${change}`);
  if (leftOut.length > 0) {
    const remarks = leftOut.map((line) => `\n  ${line}`).join('');
    context.warnLasting(
      `left out of ${path}`,
      `Not everything in ${quoteLocation(path)} is in its copy:${remarks}`,
    );
  }
  const finished = toSeconds(context.now());
  const describe = (object: StoredObject): FileCopy => ({
    key: object.key,
    host,
    runType,
    name: nameOfKey(object.key),
    sourcePath: path,
    backupStarted: toSeconds(startAt(stored.index)),
    backupFinished: finished,
    size: object.size,
    sha256: object.sha256,
    unpackedSize,
    chain: object.chain,
    machineId,
    members,
  });
  await recordStored(stored, places, FILES, describe, context);
  warnOfShrinkage(
    FILES,
    (await places.destination.status.read()).status,
    { source: path, us: { machineId }, justMade: stored.atDestination.key },
    context,
  );
  const size = formatBytes(stored.atDestination.size);
  log.info(
    `Backed up ${quoteLocation(path)} to ${quoteLocation(context.destination.locate(stored.atDestination.key))} (${size})`,
    logFieldsOf(stored),
  );
  return stored.atDestination.size;
}

/** The newest copy of a directory: of that run type, if there is one. */
export function latestCopy(
  own: readonly FileCopy[],
  host: string,
  runType: RunType,
  path: string,
): FileCopy | undefined {
  const copies = own.filter((copy) => copy.host === host && copy.sourcePath === path);
  const ofThisType = copies.filter((copy) => copy.runType === runType);
  return (ofThisType.length > 0 ? ofThisType : copies)
    .toSorted((a, b) => a.backupStarted - b.backupStarted)
    .at(-1);
}
