import { access, constants } from 'node:fs/promises';
import type { FileCopy } from '../../copies/file-copy.ts';
import { fileCopyKey, nameOfKey } from '../../copies/key.ts';
import type { RunType } from '../../copies/run-type.ts';
import { FILES } from '../../kinds/files.ts';
import { requireAnswer } from '../../sources/require-answer.ts';
import { toSeconds } from '../../units.ts';
import { latestCopy } from '../backup/back-up-directory.ts';
import { copyFoldersBelow } from '../backup/copy-folders.ts';
import { directoryPart } from '../backup/run-record.ts';
import { takenKeys, unusedStarts } from '../backup/unused-start.ts';
import type { JobContext } from '../job-context.ts';
import { findOwn } from '../record/find-own.ts';
import type { CopyPlaces } from '../record/record-copy.ts';
import { type PlannedObject, type PlannedPart, planObjects, rehearseRetention } from './planned-part.ts';

/** What `backUpDirectory` would do. Throws as it would, as far as that shows without reading the directory. */
export async function rehearseDirectory(
  path: string,
  runType: RunType,
  places: CopyPlaces,
  context: JobContext,
): Promise<PlannedPart> {
  const { config, host, now, signal } = context;
  const { status } = await places.destination.status.read();
  const machineId = context.machineId();
  const last = latestCopy(findOwn(FILES, status, { machineId }, context), host, runType, path);
  const keyOf = (start: Date) => fileCopyKey(host, runType, path, start);
  const start = unusedStarts(await takenKeys(places), keyOf, now())(0);
  await requireAnswer(path, signal);
  await access(path, constants.R_OK);
  await copyFoldersBelow(path, config);
  const objects = planObjects(keyOf(start), places, context);
  // Of a source that stays as it is: it has neither shrunk nor grown.
  const describe = ({ key }: PlannedObject): FileCopy => ({
    key,
    host,
    runType,
    name: nameOfKey(key),
    sourcePath: path,
    backupStarted: toSeconds(start),
    backupFinished: toSeconds(now()),
    size: last?.size ?? 0,
    sha256: '',
    unpackedSize: last?.unpackedSize,
    chain: [],
    machineId,
    members: last?.members,
  });
  return {
    ...directoryPart(path),
    copyType: 'complete',
    reason: 'a copy of a directory is a complete archive in every run',
    expectedSize: last?.size,
    sourceSize: undefined,
    objects,
    decisions: await rehearseRetention(FILES, describe, objects, places, context),
  };
}
