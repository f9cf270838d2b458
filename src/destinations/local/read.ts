import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { StorageError } from '../../errors.ts';
import type { ReadOptions } from '../destination.ts';
import { createSizedReader } from '../sized-reader.ts';
import { withinLimit } from '../within-limit.ts';
import { describeVersion } from './claim-name.ts';
import { absentError, localError, saysAbsent } from './errors.ts';

/** Bytes asked for at once. */
const CHUNK_SIZE = 1024 * 1024;

/** Opens a regular file; anything else counts as absent. */
async function openFile(path: string): Promise<{ file: FileHandle; size: number; version: string }> {
  const file = await open(path, 'r');
  try {
    const stats = await file.stat({ bigint: true });
    if (!stats.isFile()) throw absentError(path);
    return { file, size: Number(stats.size), version: describeVersion(stats) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * The bytes of a file below the backup folder `root`. Errors with ObjectNotFoundError when there is none, with a
 * StorageError when it cannot be read or became shorter meanwhile.
 */
export function createFileReader(
  path: string,
  root: string,
  limitMs: number,
  { onVersion }: ReadOptions = {},
): Readable {
  let file: FileHandle | undefined;
  let position = 0;
  const doing = `Cannot read ${path}`;

  const start = async (signal: AbortSignal): Promise<number> => {
    const opened = await openFile(path);
    ({ file } = opened);
    // It hung for so long that nobody waits any more.
    if (signal.aborted) await file.close();
    onVersion?.(opened.version);
    return opened.size;
  };

  const next = async (): Promise<Buffer | undefined> => {
    if (!file) throw new StorageError(`${path} is not open`);
    const buffer = Buffer.allocUnsafeSlow(CHUNK_SIZE);
    const { bytesRead } = await file.read(buffer, 0, CHUNK_SIZE, position);
    position += bytesRead;
    return bytesRead > 0 ? buffer.subarray(0, bytesRead) : undefined;
  };

  return createSizedReader(
    (signal) => ({
      open: () => withinLimit(start(signal), limitMs, doing),
      next: () => withinLimit(next(), limitMs, doing),
      close: async () => await file?.close(),
    }),
    {
      explain: (cause) =>
        saysAbsent(cause) ? absentError(path, cause) : localError('read', path, root, cause),
      highWaterMark: CHUNK_SIZE,
    },
  );
}
