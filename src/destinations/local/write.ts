import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { describeError, hasCode, StorageError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { makeFolder } from '../../make-folder.ts';
import { conflictError, takeFreeKey } from '../claim-key.ts';
import type { WriteOptions } from '../destination.ts';
import type { RequestLimits } from '../request-limits.ts';
import { createTwoPhaseWriter, type TwoPhaseWrite } from '../two-phase-writer.ts';
import { NoAnswerError, withinLimit } from '../within-limit.ts';
import { type BatchedFile, batchWrites } from './batches.ts';
import { claimName, identify, versionOf } from './claim-name.ts';
import { localError, saysAbsent } from './errors.ts';
import { removeIfEmpty, syncFolders } from './folders.ts';

/** Only the user who makes the backups may read them. */
const FILE_MODE = 0o600;

/** Likewise. */
const FOLDER_MODE = 0o700;

/** Bytes that may come while others are being written. */
const BUFFER_SIZE = 1024 * 1024;

/** How often a folder may vanish between making it and using it before that is an error. */
const FOLDER_TRIES = 10;

export interface FileToWrite extends Pick<WriteOptions, 'claim' | 'replaces'> {
  readonly key: string;
  /** Where the finished file lies. */
  readonly pathOf: (key: string) => string;
  /** Where it lies until then, on the same file system, in a folder that holds nothing else than such files. */
  readonly partialPath: string;
  /** The backup folder, above both. */
  readonly root: string;
}

/** Creates the file and the folders above it. Also gives the topmost folder that had to be made. */
async function createFile(path: string): Promise<{ file: FileHandle; made: string | undefined }> {
  for (let tries = 1; ; tries++) {
    try {
      const made = await makeFolder(dirname(path), FOLDER_MODE);
      return { file: await open(path, 'wx', FILE_MODE), made };
    } catch (error) {
      // Another writer that ends removes the empty folder, perhaps right here.
      if (!hasCode(error, 'ENOENT') || tries === FOLDER_TRIES) throw error;
    }
  }
}

async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!saysAbsent(error)) throw error;
  });
}

/**
 * A stream into a file that appears under its name only when it is complete and on the disk; see `createTwoPhaseWriter`. Errors with a
 * StorageError.
 */
export function createFileWriter(target: FileToWrite, log: Log, limits: RequestLimits): Writable {
  const { key, pathOf, root } = target;
  const path = pathOf(key);
  return createTwoPhaseWriter((signal) => limitWrite(startWrite(target, log, signal), path, limits), {
    place: path,
    explain: (cause) => localError('write', path, root, cause),
    log,
    highWaterMark: BUFFER_SIZE,
  });
}

/** Gives up each step that the file system does not answer. What hangs is not undone: that would hang too. */
function limitWrite(work: TwoPhaseWrite, path: string, { usualMs, slowMs }: RequestLimits): TwoPhaseWrite {
  let hangs = false;
  const limited = async (step: Promise<void>, limitMs: number): Promise<void> => {
    try {
      await withinLimit(step, limitMs, `Cannot write ${path}`);
    } catch (error) {
      hangs ||= error instanceof NoAnswerError;
      throw error;
    }
  };
  return {
    open: () => limited(work.open(), usualMs),
    write: (bytes) => limited(work.write(bytes), usualMs),
    commit: () => limited(work.commit(), slowMs),
    undo: async () => {
      if (!hangs) await limited(work.undo(), slowMs);
    },
  };
}

function startWrite(target: FileToWrite, log: Log, signal: AbortSignal): TwoPhaseWrite {
  const { key, pathOf, partialPath, root, claim, replaces } = target;
  let file: FileHandle | undefined;
  let batches: BatchedFile | undefined;
  let topToSync = root;
  /** The file that appeared under a name where none was before, and that name. */
  let appeared: { readonly path: string; readonly identity: string | undefined } | undefined;

  const needFile = (): { file: FileHandle; batches: BatchedFile } => {
    if (!file || !batches) throw new StorageError(`${partialPath} is not open`);
    return { file, batches };
  };

  const take = async (free: string): Promise<boolean> => {
    const path = pathOf(free);
    await makeFolder(dirname(path), FOLDER_MODE);
    const identity = await identify(partialPath);
    signal.throwIfAborted();
    appeared = { path, identity };
    if (await claimName(partialPath, path)) return true;
    appeared = undefined;
    return false;
  };

  const replace = async (): Promise<string> => {
    const path = pathOf(key);
    await makeFolder(dirname(path), FOLDER_MODE);
    const identity = await identify(partialPath);
    const before = await identify(path);
    if (replaces !== undefined && (await versionOf(path)) !== replaces) throw conflictError(path);
    signal.throwIfAborted();
    if (before === undefined) appeared = { path, identity };
    await rename(partialPath, path);
    return key;
  };

  return {
    async open() {
      const created = await createFile(partialPath);
      file = created.file;
      batches = batchWrites(file);
      // A backup folder that was not there before has to be made durable in its own parent.
      if (created.made && `${root}/`.startsWith(`${created.made}/`)) topToSync = dirname(created.made);
    },

    async write(bytes) {
      await needFile().batches.add(bytes);
    },

    async commit() {
      const complete = needFile();
      const written = await complete.batches.finish();
      const { size } = await complete.file.stat();
      if (size !== written) {
        throw new StorageError(
          `Cannot write ${pathOf(key)}: ${size} bytes are in the file, ${written} were written to it`,
        );
      }
      // Some file systems report a failed write only now.
      await complete.file.close();
      file = undefined;
      const stored = await (claim ? takeFreeKey(key, claim, take, pathOf) : replace());
      await syncFolders(topToSync, dirname(pathOf(stored)), log);
      // An empty folder that stays is no reason to give the object up.
      await removeIfEmpty(dirname(partialPath)).catch((error: unknown) =>
        log.debug(`Removing the folder of ${partialPath}: ${describeError(error)}`),
      );
      claim?.claimed(stored);
    },

    async undo() {
      // A network file system may say only here that it has no room: the file is closed, and its bytes are not wanted any more.
      await file
        ?.close()
        .catch((error: unknown) => log.debug(`Closing ${partialPath}: ${describeError(error)}`));
      await removeFile(partialPath);
      // Another writer may have put a file of its own there meanwhile.
      if (appeared?.identity !== undefined && (await identify(appeared.path)) === appeared.identity) {
        await removeFile(appeared.path);
      }
      await removeIfEmpty(dirname(partialPath));
    },
  };
}
