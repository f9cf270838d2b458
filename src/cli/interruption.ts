import { InterruptedError } from '../errors.ts';

/**
 * Aborts with an InterruptedError at the first SIGINT, SIGTERM or SIGHUP; the jobs clean up and end. Whether SIGHUP was
 * ignored (nohup) cannot be known: Node resets the dispositions it inherits before any of our code runs.
 */
export function watchSignals(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => controller.abort(new InterruptedError(signal)));
  }
  return controller.signal;
}
