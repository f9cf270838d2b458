import type { FileHandle } from 'node:fs/promises';

/** Bytes written at once. The chunks of a pipe are small, and each write is a trip to another thread and back. */
const BATCH_SIZE = 1024 * 1024;

/** Bytes after which the disk is set to work in the background, so that little is left for the sync that is waited for. */
const SYNC_EVERY = 32 * 1024 * 1024;

/** Writes to the end of a file in batches. Never more than one call at a time. */
export interface BatchedFile {
  /** Takes bytes, and writes them when there are enough. Throws the failure of any write or sync since the last call. */
  add(chunk: Buffer): Promise<void>;
  /** Writes what waits, and resolves to the bytes of all chunks when they are on the disk. */
  finish(): Promise<number>;
}

/** Batches for a file that is open for writing; closing it waits for the sync in the background. */
export function batchWrites(file: FileHandle): BatchedFile {
  let batch: Buffer[] = [];
  let waiting = 0;
  let written = 0;
  let unsynced = 0;
  let syncing: Promise<void> | undefined;
  /** The kernel tells of a failed write-back once: what the sync in the background was told must not be lost. */
  let failed: { readonly cause: unknown } | undefined;

  const sync = async (): Promise<void> => {
    try {
      await file.datasync();
    } catch (cause) {
      failed = { cause };
    }
    syncing = undefined;
  };

  const requireSynced = (): void => {
    if (failed) throw failed.cause;
  };

  const flush = async (): Promise<void> => {
    const [chunks, size] = [batch, waiting];
    batch = [];
    waiting = 0;
    if (size === 0) return;
    await writeAllFully(file, chunks, size);
    written += size;
    unsynced += size;
    if (syncing !== undefined || unsynced < SYNC_EVERY) return;
    unsynced = 0;
    syncing = sync();
  };

  return {
    async add(chunk) {
      requireSynced();
      batch.push(chunk);
      waiting += chunk.length;
      if (waiting >= BATCH_SIZE) await flush();
    },
    async finish() {
      await flush();
      await syncing;
      requireSynced();
      await file.sync();
      return written;
    },
  };
}

async function writeFully(file: FileHandle, chunk: Buffer): Promise<void> {
  for (let rest = chunk; rest.length > 0; ) {
    const { bytesWritten } = await file.write(rest);
    rest = rest.subarray(bytesWritten);
  }
}

async function writeAllFully(file: FileHandle, chunks: readonly Buffer[], size: number): Promise<void> {
  const { bytesWritten } = await file.writev(chunks);
  if (bytesWritten < size) await writeFully(file, Buffer.concat(chunks).subarray(bytesWritten));
}
