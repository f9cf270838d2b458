import { type FileHandle, lstat, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Writable } from 'node:stream';
import { hasCode, StorageError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { makeFolder } from '../../make-folder.ts';
import type { RequestLimits } from '../request-limits.ts';
import { NoAnswerError, withinLimit } from '../within-limit.ts';
import { type BatchedFile, batchWrites } from './batches.ts';
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

export interface FileToWrite {
  /** Where the finished file lies. */
  readonly path: string;
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

/** What lies under a name, as exactly as the file system tells; undefined when nothing does. */
async function identify(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await lstat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    if (saysAbsent(error)) return undefined;
    throw error;
  }
}

async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!saysAbsent(error)) throw error;
  });
}

/**
 * A stream into a file that appears under its name only when it is whole and on the disk. Destroyed before `finish`,
 * it leaves nothing; where it has replaced another file by then, the new one stays, whole. Errors with a StorageError.
 */
export function createFileWriter(
  { path, partialPath, root }: FileToWrite,
  log: Log,
  { usualMs, slowMs }: RequestLimits,
): Writable {
  let file: FileHandle | undefined;
  let batches: BatchedFile | undefined;
  let topToSync = root;
  let aborted = false;
  /** Nothing can stop `finish` any more. */
  let isDone = false;
  /** The file that appeared under a name where none was before. */
  let appeared: string | undefined;
  let publishing: Promise<void> | undefined;
  let hangs = false;

  const needFile = (): { file: FileHandle; batches: BatchedFile } => {
    if (!file || !batches) throw new StorageError(`${partialPath} is not open`);
    return { file, batches };
  };

  const create = async (): Promise<void> => {
    const created = await createFile(partialPath);
    file = created.file;
    batches = batchWrites(file);
    // A backup folder that was not there before has to be made durable in its own parent.
    if (created.made && `${root}/`.startsWith(`${created.made}/`)) topToSync = dirname(created.made);
  };

  const publish = async (): Promise<void> => {
    const whole = needFile();
    const written = await whole.batches.finish();
    const { size } = await whole.file.stat();
    if (size !== written) {
      throw new StorageError(
        `Cannot write ${path}: ${size} bytes are in the file, ${written} were written to it`,
      );
    }
    // Some file systems report a failed write only now.
    await whole.file.close();
    file = undefined;
    await makeFolder(dirname(path), FOLDER_MODE);
    const isNew = (await identify(path)) === undefined;
    const renamed = await identify(partialPath);
    if (aborted) return;
    if (isNew) appeared = renamed;
    await rename(partialPath, path);
    await syncFolders(topToSync, dirname(path), log);
    await removeIfEmpty(dirname(partialPath));
  };

  const discard = async (): Promise<void> => {
    aborted = true;
    // What hangs is not waited for; the next run's sweep finds what it leaves.
    if (hangs) return;
    // A rename under way cannot be called back, only undone.
    await publishing?.catch(() => undefined);
    if (isDone) return;
    await file?.close();
    await removeFile(partialPath);
    // Another writer may have put a file of its own there meanwhile.
    if (appeared !== undefined && (await identify(path)) === appeared) await removeFile(path);
    await removeIfEmpty(dirname(partialPath));
  };

  const settle = (work: Promise<void>, callback: (error?: Error | null) => void, limitMs = usualMs): void => {
    withinLimit(work, limitMs, `Cannot write ${path}`).then(
      () => callback(),
      (cause: unknown) => {
        hangs ||= cause instanceof NoAnswerError;
        callback(localError('write', path, root, cause));
      },
    );
  };

  return new Writable({
    highWaterMark: BUFFER_SIZE,
    construct(callback) {
      settle(create(), callback);
    },
    write(chunk: Buffer, _encoding, callback) {
      settle(needFile().batches.add(chunk), callback);
    },
    final(callback) {
      publishing = publish();
      settle(
        publishing,
        (error) => {
          isDone = !error && !aborted;
          callback(error);
        },
        slowMs,
      );
    },
    destroy(reason, callback) {
      // What made the write fail is the news; a partial file that stays is found by the next run's sweep.
      settle(discard(), (error) => callback(reason ?? error ?? null), slowMs);
    },
  });
}
