import { setMaxListeners } from 'node:events';
import { Writable } from 'node:stream';
import { describeError, StorageError } from '../errors.ts';
import type { Log } from '../log.ts';

/** What a driver does to store one object. Never two calls at a time, and none after `undo`. */
export interface TwoPhaseWrite {
  /** Begins at once, before there is a byte. */
  open(): Promise<void>;
  write(bytes: Buffer): Promise<void>;
  /** Makes the object durable, complete and visible, after a check of its size; not once the signal has aborted. */
  commit(): Promise<void>;
  /**
   * Removes what the steps before have left, however far they came: nothing, when `open` has failed; the object too when `commit` has
   * made it appear under a key that had none. What replaced another object stays.
   */
  undo(): Promise<void>;
}

/** How the stream of a write speaks. */
export interface WriterOptions {
  /** The object, as messages name it. */
  readonly place: string;
  /** Makes the error that the stream ends with, or that says why `undo` failed. */
  readonly explain: (cause: unknown) => Error;
  readonly log: Log;
  /** Bytes that may come while others are being written. */
  readonly highWaterMark: number;
}

/**
 * The stream around a write that is done in two phases, with the same rules for every driver:
 *
 * - `finish` comes after `commit`, and then the object stays. Ended in any other way the write is undone before `close`.
 * - When the stream is destroyed, the signal that `begin` gets aborts at once. The step under way, be it `open` or `commit`, is waited
 *   for, as it may still change something; then it is undone, even where `commit` has succeeded meanwhile.
 * - What fails beside the steps, as bytes may still be on their way when `write` has resolved, is told by `fail`: it ends the stream at once.
 * - The first failure is the one that the stream ends with. An `undo` that fails after it is a warning, as the next sweep removes what is left.
 */
export function createTwoPhaseWriter(
  begin: (signal: AbortSignal, fail: (cause: unknown) => void) => TwoPhaseWrite,
  { place, explain, log, highWaterMark }: WriterOptions,
): Writable {
  const aborting = new AbortController();
  // Each request that is under way listens to it, as many as are sent at once and tried again: Node.js would take more than ten for a leak.
  setMaxListeners(0, aborting.signal);
  const work = begin(aborting.signal, (cause) => stream.destroy(explain(cause)));
  /** The last step that was asked for; the steps after one that has failed fail like it. */
  let steps: Promise<void> = Promise.resolve();
  let isDone = false;

  const run = (step: () => Promise<void>, callback: (error?: Error | null) => void): void => {
    steps = steps.then(() => {
      aborting.signal.throwIfAborted();
      return step();
    });
    steps.then(
      () => callback(),
      (cause: unknown) => callback(explain(cause)),
    );
  };

  const undo = async (reason: Error | null): Promise<Error | null> => {
    if (isDone) return reason;
    aborting.abort();
    await steps.catch(() => undefined);
    try {
      await work.undo();
      return reason;
    } catch (cause) {
      const left = new StorageError(`Cannot clean up after the unfinished ${place}`, {
        cause: explain(cause),
        remedy: 'The next run of this host removes what is left.',
      });
      if (reason) log.warn(describeError(left));
      return reason ?? left;
    }
  };

  const stream = new Writable({
    highWaterMark,
    construct(callback) {
      // Not waited for: until `construct` has called back, a stream cannot be destroyed.
      run(
        () => work.open(),
        (error) => error && stream.destroy(error),
      );
      callback();
    },
    write(bytes: Buffer, _encoding, callback) {
      run(() => work.write(bytes), callback);
    },
    final(callback) {
      run(
        () => work.commit(),
        (error) => {
          isDone = !error && !stream.destroyed;
          callback(error);
        },
      );
    },
    destroy(reason, callback) {
      void undo(reason).then(callback);
    },
  });
  return stream;
}
