/** How long cleaning up may take after the first signal, in milliseconds: systemd kills a service after 90 seconds. */
export const CLEAN_UP_MS = 60_000;

/** What makes no progress for so long hangs, in milliseconds: a frozen mount, a server that does not answer. */
export const STUCK_MS = 10_000;

/**
 * Processor time by which work is told from waiting, in microseconds. Timers and keepalives take less in STUCK_MS, also with the one
 * collection of garbage, of some 60 ms, by which V8 uses a process's idle time.
 */
const PROGRESS_CPU = 100_000;

/** The state of the process at one moment. */
interface Sample {
  /** Milliseconds, of a clock that never jumps. */
  readonly now: number;
  /** Microseconds of processor time since the process began. */
  readonly cpu: number;
}

/**
 * Follows the cleaning up that began with `start`. The function it returns takes samples and says why cleaning up is to be given
 * up; undefined while it may go on.
 */
export function watchCleanUp(start: Sample): (sample: Sample) => 'stuck' | 'late' | undefined {
  let progress = start;
  return (sample) => {
    if (sample.cpu - progress.cpu >= PROGRESS_CPU) progress = sample;
    if (sample.now - start.now >= CLEAN_UP_MS) return 'late';
    return sample.now - progress.now >= STUCK_MS ? 'stuck' : undefined;
  };
}
