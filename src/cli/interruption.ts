import { InterruptedError } from '../errors.ts';

/** timeout(1), sudo and terminals may send one interruption twice; a person takes longer. Milliseconds. */
const SAME_KEYSTROKE_MS = 500;

interface Interruptions {
  /** The work has been told to end, and to clean up. */
  readonly onFirst: (signal: NodeJS.Signals) => void;
  /** Ctrl-C again: someone does not want to wait for the cleaning up. */
  readonly onImpatience: () => void;
}

/**
 * Aborts with an InterruptedError at the first SIGINT, SIGTERM or SIGHUP; the jobs clean up and end. A later SIGINT is
 * impatience, the other signals are not: they come in pairs when a terminal is closed or a machine shuts down. Whether
 * SIGHUP was ignored (nohup) cannot be known: Node resets the dispositions it inherits before any of our code runs.
 */
export function watchSignals({ onFirst, onImpatience }: Interruptions): AbortSignal {
  const controller = new AbortController();
  let first: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (first === undefined) {
        first = performance.now();
        onFirst(signal);
        controller.abort(new InterruptedError(signal));
      } else if (signal === 'SIGINT' && performance.now() - first > SAME_KEYSTROKE_MS) onImpatience();
    });
  }
  return controller.signal;
}
