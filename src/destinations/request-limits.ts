/** How long a destination may leave a request without an answer, in milliseconds. */
export interface RequestLimits {
  /** Of most requests. */
  readonly usualMs: number;
  /** Of those that wait for a disk to take all that was written, or for a folder: fsync, rename. */
  readonly slowMs: number;
}

const MINUTE = 60_000;

/** Long enough for a busy server, short enough that the next run is not kept out by one that hangs. */
export const REQUEST_LIMITS: RequestLimits = { usualMs: 5 * MINUTE, slowMs: 30 * MINUTE };

/** Follows the requests of one connection. */
export interface AnswerWatch {
  /** A request was sent; the function is to be called with its answer. */
  asked(isSlow: boolean): () => void;
}

/** Looks in the shorter limit. By looks, as after a suspended process goes on its timers are due before the answers that wait. */
const LOOKS = 10;

/**
 * Calls `hangs` once, with the milliseconds passed, when requests wait and none was answered for the longest limit that one of
 * them has: a server answers in turn, so that the others wait behind an fsync.
 */
export function watchAnswers({ usualMs, slowMs }: RequestLimits, hangs: (ms: number) => void): AnswerWatch {
  const everyMs = usualMs / LOOKS;
  let waiting = 0;
  let slow = 0;
  let silentLooks = 0;
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  const look = (): void => {
    const silentMs = ++silentLooks * everyMs;
    if (silentMs < (slow > 0 ? slowMs : usualMs)) return;
    stop();
    hangs(silentMs);
  };
  return {
    asked(isSlow) {
      if (waiting++ === 0) {
        silentLooks = 0;
        timer = setInterval(look, everyMs).unref();
      }
      if (isSlow) slow++;
      return () => {
        silentLooks = 0;
        if (isSlow) slow--;
        if (--waiting === 0) stop();
      };
    },
  };
}
