import { startChild } from './child.ts';
import type { Program } from './program.ts';

/** Whether a program ended by itself in time. */
export type Ending = 'ended' | 'hangs';

/**
 * Runs a program for the one question whether it ends, however it does; by `limitMs` milliseconds it hangs. Throws the reason of
 * the signal when that aborts. Unlike elsewhere the program may still run then: one in a call to a frozen mount cannot be ended
 * even by SIGKILL, and must not keep whoever waits for it.
 */
export async function seeWhetherItEnds(
  program: Program,
  signal: AbortSignal,
  limitMs: number,
): Promise<Ending> {
  signal.throwIfAborted();
  const child = startChild(program, 'ignore', 'ignore');
  const over = new AbortController();
  try {
    return await new Promise<Ending>((resolve, reject) => {
      child.failure.then(() => resolve('ended'), reject);
      const timer = setTimeout(() => resolve('hangs'), limitMs);
      signal.addEventListener('abort', () => reject(signal.reason as Error), { signal: over.signal });
      over.signal.addEventListener('abort', () => clearTimeout(timer));
    });
  } finally {
    over.abort();
    void child.kill();
  }
}
