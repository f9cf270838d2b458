import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { recordOf } from '../../catalogue/keep-trusted.ts';
import type { MysqlChain } from '../../catalogue/mysql-chain.ts';
import { keepLocalKey } from '../../copies/keep-local-key.ts';
import { nameOfKey } from '../../copies/key.ts';
import { describeError, hasCode, TwinDbError } from '../../errors.ts';
import { lastWriteBelow } from '../../lock/last-write.ts';
import { isAbandoned, newPartialName } from '../../lock/owner.ts';
import { makeFolder } from '../../make-folder.ts';
import type { BackupInfo } from '../../mysql/copy/backup-info.ts';
import { runPipeline } from '../../pipeline/run-pipeline.ts';
import type { Program } from '../../process/program.ts';
import { removeFolder } from '../../remove-folder.ts';
import type { JobContext } from '../job-context.ts';
import { requireExtracted } from './mysql-folder.ts';

/** A folder that keeps full copies as they were extracted, each under its file name, for later restores. */
export interface CopyCache {
  readonly dir: string;
}

/** Stands in each entry that is ours. The Python tool's are prepared already, and have none. */
const MARKER = '.twindb-backup-cache.json';

/** Entries being made: below it, so that no name of a copy can be taken for one. */
const PARTIAL = '.partial';

/** What an entry was made from: names repeat among hosts and run types. Two objects of one copy differ in size only by gpg. */
interface Origin {
  readonly key: string;
  readonly started: number | null;
  /** What the status says of its bytes: a copy that was changed, and was taken all the same, is another one. */
  readonly sha256: string | null;
}

function originOf(full: MysqlChain['full']): Origin | undefined {
  const [first] = full;
  const copy = recordOf(full);
  return (
    first && {
      key: keepLocalKey(first.object.key),
      started: copy?.backupStarted ?? null,
      sha256: copy?.sha256 ?? null,
    }
  );
}

function entryOf({ dir }: CopyCache, { key }: Origin): string {
  return join(dir, nameOfKey(key));
}

/**
 * Copies the entry of a full copy to `target`, which must not exist, and returns what it says of itself. Undefined, with
 * nothing left there, when there is no such entry, or none that can be used.
 */
export async function takeFromCache(
  cache: CopyCache,
  full: MysqlChain['full'],
  target: string,
  context: JobContext,
): Promise<BackupInfo | undefined> {
  const origin = originOf(full);
  if (origin === undefined) return undefined;
  const entry = entryOf(cache, origin);
  const found = await readMarker(entry);
  if (found === undefined) return undefined;
  if (found !== markerText(origin)) {
    context.log.warn(`${entry} in the cache is of another copy; it is not used`);
    return undefined;
  }
  try {
    await copyFolder(entry, target, context);
    const info = await requireExtracted(target, 'full');
    await rm(join(target, MARKER));
    context.log.info(`Took the full copy from ${entry}`);
    return info;
  } catch (error) {
    context.signal.throwIfAborted();
    await removeFolder(target);
    context.log.warn(`${entry} in the cache cannot be used, the copy is fetched: ${describeError(error)}`);
    return undefined;
  }
}

/**
 * Keeps the extracted, unprepared copy in `extracted` for later restores. It appears under its name when it is whole and on
 * disk; of two restores that do this at once the first one wins. A cache that cannot be filled is a warning: the restore
 * itself goes on.
 */
export async function fillCache(
  cache: CopyCache,
  full: MysqlChain['full'],
  extracted: string,
  context: JobContext,
): Promise<void> {
  const origin = originOf(full);
  if (origin === undefined) return;
  const partialDir = join(cache.dir, PARTIAL);
  const partial = join(partialDir, newPartialName());
  try {
    await makeFolder(partialDir, 0o700);
    await removeAbandoned(partialDir);
    await copyFolder(extracted, partial, context);
    await writeFile(join(partial, MARKER), markerText(origin));
    await run({ command: 'sync', args: ['--file-system', partial], debianPackage: 'coreutils' }, context);
    await rename(partial, entryOf(cache, origin));
  } catch (error) {
    await removeFolder(partial);
    context.signal.throwIfAborted();
    const isTaken = hasCode(error, 'ENOTEMPTY', 'EEXIST', 'ENOTDIR');
    // Another restore was faster; or what lies there is not ours to remove.
    if (isTaken && (await readMarker(entryOf(cache, origin))) === markerText(origin)) return;
    const reason = isTaken ? `${entryOf(cache, origin)} is taken by something else` : describeError(error);
    context.log.warn(`The cache ${cache.dir} does not get the copy, the restore goes on: ${reason}`);
  }
}

function markerText(origin: Origin): string {
  return `${JSON.stringify({ version: 3, ...origin })}\n`;
}

async function readMarker(entry: string): Promise<string | undefined> {
  try {
    return await readFile(join(entry, MARKER), 'utf8');
  } catch (cause) {
    if (hasCode(cause, 'ENOENT', 'ENOTDIR')) return undefined;
    throw new TwinDbError(`Cannot read the cache entry ${entry}`, { cause });
  }
}

/** `cp` keeps the holes of page-compressed tables, and shares the blocks where the file system can. */
async function copyFolder(from: string, to: string, context: JobContext): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  const args = ['--archive', '--reflink=auto', '--sparse=auto', '--', `${from}/.`, to];
  await run({ command: 'cp', args, debianPackage: 'coreutils', isHeavy: true }, context);
}

async function run(program: Program, { signal }: JobContext): Promise<void> {
  await runPipeline([Readable.from([]), program], signal);
}

/** Removes what restores that were killed have left. */
async function removeAbandoned(partialDir: string): Promise<void> {
  for (const name of await readdir(partialDir)) {
    const path = join(partialDir, name);
    const isLeft = await isAbandoned(name, async () => Date.now() - (await lastWriteBelow(path)));
    if (isLeft) await removeFolder(path);
  }
}
