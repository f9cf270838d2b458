import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { StorageError } from '../../errors.ts';
import { NoAnswerError, withinLimit } from '../within-limit.ts';
import { absentError, localError, saysAbsent } from './errors.ts';

/** Bytes asked for at once. */
const CHUNK_SIZE = 1024 * 1024;

/** Opens a regular file; anything else counts as absent. */
async function openFile(path: string): Promise<{ file: FileHandle; size: number }> {
  const file = await open(path, 'r');
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw absentError(path);
    return { file, size: stats.size };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * The bytes of a file below the backup folder `root`. Errors with ObjectNotFoundError when there is none, with a
 * StorageError when it cannot be read or became shorter meanwhile.
 */
export function createFileReader(path: string, root: string, limitMs: number): Readable {
  let file: FileHandle | undefined;
  let size = 0;
  let position = 0;
  let hangs = false;

  const start = async (): Promise<void> => {
    ({ file, size } = await openFile(path));
  };

  const next = async (): Promise<Buffer | null> => {
    if (!file) throw new StorageError(`${path} is not open`);
    const buffer = Buffer.allocUnsafeSlow(CHUNK_SIZE);
    const { bytesRead } = await file.read(buffer, 0, CHUNK_SIZE, position);
    position += bytesRead;
    if (bytesRead > 0) return buffer.subarray(0, bytesRead);
    if (position < size) {
      throw new StorageError(`Cannot read ${path}: it ended after ${position} of ${size} bytes`);
    }
    return null;
  };

  const limited = <T>(work: Promise<T>): Promise<T> => withinLimit(work, limitMs, `Cannot read ${path}`);
  const wrap = (cause: unknown): Error => {
    hangs ||= cause instanceof NoAnswerError;
    return saysAbsent(cause) ? absentError(path, cause) : localError('read', path, root, cause);
  };

  return new Readable({
    highWaterMark: CHUNK_SIZE,
    construct(callback) {
      limited(start()).then(
        () => callback(),
        (cause: unknown) => callback(wrap(cause)),
      );
    },
    read() {
      limited(next()).then(
        (chunk) => this.push(chunk),
        (cause: unknown) => this.destroy(wrap(cause)),
      );
    },
    destroy(reason, callback) {
      // What hangs is not waited for.
      const closing = hangs ? Promise.resolve() : (file?.close() ?? Promise.resolve());
      closing.then(
        () => callback(reason),
        (cause: unknown) => callback(reason ?? wrap(cause)),
      );
    },
  });
}
