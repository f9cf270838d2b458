import type { Readable } from 'node:stream';
import type { Destination, ObjectInfo } from './destination.ts';

/**
 * The same destination, whose looking and reading ends with the signal's reason as soon as that aborts, whatever the driver is
 * waiting for: a server may hang. What is begun afterwards is not concerned, as cleaning up has to look too.
 */
export function untilAborted(destination: Destination, signal: AbortSignal): Destination {
  return {
    ...destination,
    stat: (key) => race(destination.stat(key), signal),
    read: (key, options) => destroyWhenAborted(destination.read(key, options), signal),
    list: (prefix, onClosed) => listUntilAborted(destination.list(prefix, onClosed), signal),
  };
}

/** Calls `onAbort` once when the signal aborts from now on; what it returns ends that. */
function whenAborted(signal: AbortSignal, onAbort: (reason: Error) => void): () => void {
  const listener = () => onAbort(signal.reason as Error);
  if (!signal.aborted) signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

function race<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const forget = whenAborted(signal, reject);
    work.then(resolve, reject).finally(forget);
  });
}

function destroyWhenAborted(stream: Readable, signal: AbortSignal): Readable {
  const forget = whenAborted(signal, (reason) => stream.destroy(reason));
  return stream.once('close', forget);
}

async function* listUntilAborted(
  objects: AsyncIterable<ObjectInfo>,
  signal: AbortSignal,
): AsyncGenerator<ObjectInfo> {
  const iterator = objects[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await race(iterator.next(), signal);
      if (done) return;
      yield value;
    }
  } finally {
    // Not awaited: it may be what hangs.
    void iterator.return?.();
  }
}
