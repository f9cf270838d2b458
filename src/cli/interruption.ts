import { constants } from 'node:os';
import { InterruptedError } from '../errors.ts';
import { watchCleanUp } from './clean-up-watch.ts';

/** timeout(1), sudo and terminals may send one interruption twice; a person takes longer. Milliseconds. */
const SAME_KEYSTROKE_MS = 500;

interface Interruptions {
  /** A service was told to end, and may do so for `graceMs`. */
  readonly onStop: (signal: NodeJS.Signals) => void;
  /** The work has been told to end, and to clean up. */
  readonly onFirst: (signal: NodeJS.Signals) => void;
  /** Ctrl-C again: someone does not want to wait for the cleaning up. */
  readonly onImpatience: () => void;
  /** The cleaning up hangs, or takes too long. */
  readonly onGiveUp: (signal: NodeJS.Signals, reason: 'stuck' | 'late') => void;
}

const SAMPLE_MS = 500;

/** What ends the work. */
interface EndOfWork {
  /** Aborts at the first signal. */
  readonly stopping: AbortSignal;
  /** Aborts with an InterruptedError when `graceMs` are over, or at the second signal; without any grace at the first one. */
  readonly signal: AbortSignal;
}

/**
 * Aborts `signal` with an InterruptedError at the first SIGINT, SIGTERM or SIGHUP; the jobs clean up and end. A later SIGINT is
 * impatience, the other signals are not: they come in pairs when a terminal is closed or a machine shuts down. Whether
 * SIGHUP was ignored (nohup) cannot be known: Node resets the dispositions it inherits before any of our code runs.
 */
export function watchSignals(
  { onStop, onFirst, onImpatience, onGiveUp }: Interruptions,
  graceMs: number,
): EndOfWork {
  const [stopping, controller] = [new AbortController(), new AbortController()];
  let stopped: number | undefined;
  let first: number | undefined;
  const end = (signal: NodeJS.Signals): void => {
    if (first !== undefined) return;
    first = performance.now();
    onFirst(signal);
    const watch = watchCleanUp(sample());
    setInterval(() => {
      const reason = watch(sample());
      if (reason !== undefined) onGiveUp(signal, reason);
    }, SAMPLE_MS);
    controller.abort(new InterruptedError(signal));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      const now = performance.now();
      if (first !== undefined) {
        if (signal === 'SIGINT' && now - first > SAME_KEYSTROKE_MS) onImpatience();
      } else if (graceMs > 0 && stopped === undefined) {
        stopped = now;
        onStop(signal);
        setTimeout(() => end(signal), graceMs).unref();
        stopping.abort(new InterruptedError(signal));
      } else if (stopped === undefined || now - stopped > SAME_KEYSTROKE_MS) {
        end(signal);
        stopping.abort(new InterruptedError(signal));
      }
    });
  }
  return { stopping: stopping.signal, signal: controller.signal };
}

function sample(): Parameters<ReturnType<typeof watchCleanUp>>[0] {
  const { user, system } = process.cpuUsage();
  return { now: performance.now(), cpu: user + system };
}

/**
 * Ends the process at once by the signal, which a shell reports as 128 + its number. `process.exit` would wait for the threads
 * that are in a call of the operating system, and on a frozen mount these never return.
 */
export function dieBy(signal: NodeJS.Signals): void {
  // What is released when a process exits, such as the lock, is released.
  process.emit('exit', 128 + constants.signals[signal]);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
