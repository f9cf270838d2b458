import type { Socket } from 'node:net';

interface LinkTiming {
  /** Between two looks, in milliseconds. */
  readonly keepaliveMs: number;
  readonly keepaliveCount: number;
}

/**
 * Calls `dead` once when `keepaliveCount` looks in a row found not one new byte from the other side. Somebody else
 * asks for an answer at least as often (ssh2's keepalive), so silence means that the link is gone.
 */
export function watchLink(
  socket: Socket,
  host: string,
  { keepaliveMs, keepaliveCount }: LinkTiming,
  dead: (error: Error) => void,
): void {
  let seen = socket.bytesRead;
  let silent = 0;
  const timer = setInterval(() => {
    silent = socket.bytesRead === seen ? silent + 1 : 0;
    seen = socket.bytesRead;
    if (silent < keepaliveCount) return;
    clearInterval(timer);
    dead(
      new Error(
        `no sign of life from ${host} for ${(keepaliveMs * keepaliveCount) / 1000} s: the link is dead`,
      ),
    );
  }, keepaliveMs);
  timer.unref();
  socket.once('close', () => clearInterval(timer));
}
