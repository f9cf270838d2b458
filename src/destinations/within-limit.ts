import { StorageError } from '../errors.ts';

/** A file system did not answer: what was asked of it may still happen. */
export class NoAnswerError extends StorageError {
  override readonly name = 'NoAnswerError';
}

/**
 * The work, or a NoAnswerError when it takes `limitMs` milliseconds. `doing` says what it is, such as `Cannot read /mnt/x`. The
 * work itself cannot be ended: it keeps a thread, and on a frozen mount for ever.
 */
export async function withinLimit<T>(work: Promise<T>, limitMs: number, doing: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const giveUp = () =>
      reject(
        new NoAnswerError(`${doing}: the file system has not answered for ${limitMs / 1000} s`, {
          remedy: 'See whether the disk, or the server of the mount, still works.',
        }),
      );
    // In two steps: when a stopped process goes on, a timer is due before the answer that waits.
    timer = setTimeout(() => {
      timer = setTimeout(giveUp, limitMs / 10);
    }, limitMs * 0.9);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
