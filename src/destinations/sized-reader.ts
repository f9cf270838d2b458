import { Readable } from 'node:stream';
import { StorageError } from '../errors.ts';

/** What a driver does to read one object. Never two calls at a time. */
export interface SizedRead {
  /** Resolves to how many bytes the object has. */
  open(): Promise<number>;
  /** The next bytes; undefined when there are no more. */
  next(): Promise<Buffer | undefined>;
  /** Closes what the steps before have opened: nothing, when `open` was not called or has failed. */
  close(): Promise<void>;
}

/** How the stream of a read speaks. */
export interface ReaderOptions {
  /** Makes the error that the stream ends with. */
  readonly explain: (cause: unknown) => Error;
  /** Bytes that are read ahead. */
  readonly highWaterMark: number;
}

/**
 * The stream around a read, with the same rules for every driver:
 *
 * - It ends only after exactly as many bytes as the object had when it was opened; more or fewer are an error.
 * - Destroyed, it closes at once: the signal that `begin` gets aborts, and what is open is closed once the step under way has ended. Nothing
 *   depends on that, and the server may be what hangs.
 */
export function createSizedReader(
  begin: (signal: AbortSignal) => SizedRead,
  { explain, highWaterMark }: ReaderOptions,
): Readable {
  const aborting = new AbortController();
  const work = begin(aborting.signal);
  let step: Promise<unknown> = Promise.resolve();
  let size: number | undefined;
  let reached = 0;

  const next = async (): Promise<Buffer | null> => {
    size ??= await work.open();
    const bytes = await work.next();
    reached += bytes?.length ?? 0;
    if (reached > size) throw new StorageError(`it has more than its ${size} bytes`);
    if (!bytes && reached < size) throw new StorageError(`it ended after ${reached} of ${size} bytes`);
    return bytes ?? null;
  };

  const stream = new Readable({
    highWaterMark,
    read() {
      const reading = next();
      step = reading;
      reading.then(
        (bytes) => stream.push(bytes),
        (cause: unknown) => stream.destroy(explain(cause)),
      );
    },
    destroy(reason, callback) {
      aborting.abort();
      step
        .catch(() => undefined)
        .then(() => work.close())
        .catch(() => undefined);
      callback(reason);
    },
  });
  return stream;
}
