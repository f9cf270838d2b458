import { posix } from 'node:path';
import type { Writable } from 'node:stream';
import type { Stats } from 'ssh2';
import { StorageError } from '../../errors.ts';
import { conflictError, takeFreeKey } from '../claim-key.ts';
import type { WriteOptions } from '../destination.ts';
import { createTwoPhaseWriter, type TwoPhaseWrite, type WriterOptions } from '../two-phase-writer.ts';
import {
  claimName,
  describeStats,
  explainFailure,
  insideFolder,
  removeFile,
  replaceFile,
  statPath,
  syncFolder,
  syncHandle,
  unlessAbsent,
} from './files.ts';
import { versionOf } from './read.ts';
import type { SftpSession } from './session.ts';

/** The largest write that every OpenSSH takes in one request (256 KiB with the request's own fields). */
const BLOCK_SIZE = 254 * 1024;

/** Requests under way: 4 MB, which hides the way there and back of a fast, far link. */
const IN_FLIGHT = 16;

/** Bytes that may come while others are being copied into a block. */
const BUFFER_SIZE = 64 * 1024;

const FILE_MODE = 0o600;

/** Where an object is written, and where it lies in the end. */
export interface UploadTarget extends Pick<WriteOptions, 'claim' | 'replaces'> {
  readonly partial: string;
  readonly key: string;
  readonly pathOf: (key: string) => string;
  /** The object as messages name it. */
  readonly nameOf: (key: string) => string;
  /** For the file that is replaced, on servers that cannot do it in one step. */
  readonly aside: string;
}

/**
 * A stream into a remote file: `finish` comes after fsync, a check of the size, the rename to its final name and fsync of the folder; see
 * `createTwoPhaseWriter`. `open` is asked for the session.
 */
export function createUpload(
  open: () => Promise<SftpSession>,
  target: UploadTarget,
  options: Omit<WriterOptions, 'highWaterMark'>,
): Writable {
  return createTwoPhaseWriter(
    (signal) => {
      let upload: Upload | undefined;
      const needUpload = (): Upload => {
        if (!upload) throw new StorageError(`${target.partial} is not open`);
        return upload;
      };
      return {
        open: async () => {
          upload = await startUpload(await open(), target, signal);
        },
        write: (bytes) => needUpload().write(bytes),
        commit: () => needUpload().commit(),
        undo: async () => await upload?.undo(),
      };
    },
    { ...options, highWaterMark: BUFFER_SIZE },
  );
}

/** A write whose file is open. */
type Upload = Omit<TwoPhaseWrite, 'open'>;

async function startUpload(
  session: SftpSession,
  { partial, key, pathOf, nameOf, aside, claim, replaces }: UploadTarget,
  signal: AbortSignal,
): Promise<Upload> {
  const folder = posix.dirname(partial);
  const explain = async (cause: unknown): Promise<never> => {
    throw await explainFailure(session, cause, folder);
  };
  const handle = await insideFolder(session, folder, () =>
    session.call<Buffer>((sftp, answer) => sftp.open(partial, 'wx', { mode: FILE_MODE }, answer)),
  ).catch(explain);
  let isOpen = true;
  /** The path where nothing was before, and the file as it was when it was about to appear there. */
  let appeared: { readonly path: string; readonly stats: string } | undefined;
  let size = 0;
  let block: Buffer | undefined;
  let filled = 0;
  const free: Buffer[] = [];
  const underWay = new Set<Promise<void>>();
  let failed: { readonly cause: unknown } | undefined;

  const send = (): void => {
    if (block === undefined) return;
    const [data, length, position] = [block, filled, size];
    block = undefined;
    filled = 0;
    size += length;
    const request = session
      .call((sftp, answer) => sftp.write(handle, data, 0, length, position, answer))
      .then(
        () => void free.push(data),
        (cause: unknown) => void (failed ??= { cause }),
      )
      .then(() => void underWay.delete(request));
    underWay.add(request);
  };
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await session.call((sftp, answer) => sftp.close(handle, answer));
  };
  const settle = async (): Promise<void> => {
    await Promise.all(underWay);
    if (failed) await explain(failed.cause);
  };

  const take = async (path: string, stats: string): Promise<boolean> => {
    signal.throwIfAborted();
    appeared = { path, stats };
    const isOurs = await insideFolder(session, posix.dirname(path), () =>
      claimName(session, partial, path),
    ).catch(explain);
    if (!isOurs) appeared = undefined;
    return isOurs;
  };
  const replace = async (path: string, stats: string): Promise<string> => {
    const before = await statPath(session, path);
    if (replaces !== undefined && (await versionOf(session, path)) !== replaces) {
      throw conflictError(nameOf(key));
    }
    signal.throwIfAborted();
    if (before === undefined) appeared = { path, stats };
    await insideFolder(session, posix.dirname(path), () => replaceFile(session, partial, path, aside)).catch(
      explain,
    );
    return key;
  };

  return {
    async write(chunk) {
      for (let offset = 0; offset < chunk.length; ) {
        if (failed) await settle();
        block ??= free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_SIZE);
        const copied = chunk.copy(block, filled, offset);
        filled += copied;
        offset += copied;
        if (filled < BLOCK_SIZE) continue;
        send();
        while (underWay.size >= IN_FLIGHT) await Promise.race(underWay);
      }
    },
    async commit() {
      send();
      await settle();
      await syncHandle(session, handle).catch(explain);
      const stats = await session.call<Stats>((sftp, answer) => sftp.fstat(handle, answer));
      if (stats.size !== size) throw new Error(`the server stored ${stats.size} of ${size} bytes`);
      await close();
      const written = describeStats(stats);
      const stored = await (claim
        ? takeFreeKey(key, claim, (each) => take(pathOf(each), written), nameOf)
        : replace(pathOf(key), written));
      await syncFolder(session, posix.dirname(pathOf(stored)));
      claim?.claimed(stored);
    },
    async undo() {
      await Promise.all(underWay);
      // On a lost connection nothing can be removed: a later run's sweep does that.
      if (!session.isOpen()) return;
      // A server may say only here that it has no room; the file's bytes are not wanted any more.
      await close().catch(() => undefined);
      const isRemoved = await unlessAbsent(removeFile(session, partial).then(() => true));
      if (isRemoved || appeared === undefined) return;
      // It was renamed.
      const now = await statPath(session, appeared.path);
      if (now === undefined || describeStats(now) !== appeared.stats) return;
      await unlessAbsent(removeFile(session, appeared.path));
    },
  };
}
