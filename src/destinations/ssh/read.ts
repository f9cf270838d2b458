import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Stats } from 'ssh2';
import type { ReadOptions, Version } from '../destination.ts';
import { createSizedReader, type SizedRead } from '../sized-reader.ts';
import { NotAFileError } from './errors.ts';
import { unlessAbsent } from './files.ts';
import type { SftpSession } from './session.ts';

/** The largest answer that every OpenSSH gives to one request (256 KiB with the answer's own fields). */
const BLOCK_SIZE = 254 * 1024;

/** Requests under way or read ahead: 4 MB, which hides the way there and back of a fast, far link. */
const IN_FLIGHT = 16;

/** The bytes of a remote file; see `createSizedReader`. `open` is asked for the session, `explain` makes the error that the stream ends with. */
export function createDownload(
  open: () => Promise<SftpSession>,
  path: string,
  explain: (cause: unknown) => Error,
  { onVersion }: ReadOptions = {},
): Readable {
  let download: Download | undefined;
  const hash = onVersion && createHash('sha256');
  return createSizedReader(
    () => ({
      open: async () => {
        download = await startDownload(await open(), path);
        return download.size;
      },
      next: async () => {
        const block = await download?.next();
        if (block) hash?.update(block);
        else if (hash) onVersion?.(hash.digest('hex'));
        return block;
      },
      close: async () => await download?.close(),
    }),
    { explain, highWaterMark: BLOCK_SIZE },
  );
}

/**
 * The version of a file, as its reader was told: SFTP has no inodes, and dates files to the second, in which another run may have replaced a status by one
 * of the same size. Undefined when there is none.
 */
export async function versionOf(session: SftpSession, path: string): Promise<Version | undefined> {
  const download = await unlessAbsent(startDownload(session, path));
  if (download === undefined) return undefined;
  const hash = createHash('sha256');
  try {
    for (let block = await download.next(); block; block = await download.next()) hash.update(block);
  } finally {
    await download.close();
  }
  return hash.digest('hex');
}

/** A file that is open. */
interface Download extends Omit<SizedRead, 'open'> {
  readonly size: number;
}

/** Rejects with NO_SUCH_FILE's status when there is none, and with NotAFileError for anything but a regular file. */
async function startDownload(session: SftpSession, path: string): Promise<Download> {
  const handle = await session.call<Buffer>((sftp, answer) => sftp.open(path, 'r', answer));
  const close = async (): Promise<void> => {
    if (session.isOpen()) await session.call((sftp, answer) => sftp.close(handle, answer));
  };
  const stats = await session.call<Stats>((sftp, answer) => sftp.fstat(handle, answer));
  if (!stats.isFile()) {
    await close();
    throw new NotAFileError(path);
  }
  const { size } = stats as Partial<Stats>;
  if (size === undefined) {
    await close();
    throw new Error('the server does not say how large the file is');
  }
  let asked = 0;
  const ahead: Promise<Buffer>[] = [];
  const ask = (): void => {
    while (asked < size && ahead.length < IN_FLIGHT) {
      const length = Math.min(BLOCK_SIZE, size - asked);
      const block = readBlock(session, handle, asked, length);
      block.catch(() => {}); // it is reported when its turn comes
      ahead.push(block);
      asked += length;
    }
  };
  return {
    size,
    async next() {
      ask();
      const block = await ahead.shift();
      ask();
      return block;
    },
    async close() {
      await Promise.allSettled(ahead);
      await close();
    },
  };
}

/** Reads exactly `length` bytes; servers may answer with fewer than asked for. */
async function readBlock(
  session: SftpSession,
  handle: Buffer,
  position: number,
  length: number,
): Promise<Buffer> {
  const block = Buffer.allocUnsafeSlow(length);
  for (let filled = 0; filled < length; ) {
    const read = await session.call<number>((sftp, answer) =>
      sftp.read(handle, block, filled, length - filled, position + filled, answer),
    );
    if (read === 0) throw new Error(`the file ended after ${position + filled} bytes, before its full size`);
    filled += read;
  }
  return block;
}
