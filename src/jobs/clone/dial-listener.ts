import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode, TwinDbError } from '../../errors.ts';
import type { RemoteCommand } from '../../ssh/remote-command.ts';

/** How long a listener may take to begin to listen, in milliseconds. */
const LISTEN_MS = 20_000;

const RETRY_MS = 100;

/**
 * Connects to a port of a host as soon as `listener`, a command there, listens on it. Throws a TwinDbError when that command ends
 * before, or the port cannot be reached.
 */
export async function dialListener(host: string, port: number, listener: RemoteCommand): Promise<Socket> {
  const deadline = performance.now() + LISTEN_MS;
  let gone: string | undefined;
  const notice = (words: string) => {
    gone = words;
  };
  listener.ended.then(
    ({ stderr }) => notice(stderr.at(-1) ?? 'it says nothing'),
    (error: Error) => notice(error.message),
  );
  for (;;) {
    try {
      return await dialOnce(host, port, deadline - performance.now());
    } catch (cause) {
      if (gone !== undefined) throw new TwinDbError(`Nothing listens on port ${port} of ${host}: ${gone}`);
      if (hasCode(cause, 'ECONNREFUSED') && performance.now() < deadline) {
        await delay(RETRY_MS);
        continue;
      }
      throw new TwinDbError(`Cannot connect to port ${port} of ${host}`, {
        cause,
        isExplained: (cause as Error).name === 'AbortError',
        remedy:
          'Open it in the firewalls between, name another one with --netcat-port, or use --transport ssh.',
      });
    }
  }
}

async function dialOnce(host: string, port: number, timeoutMs: number): Promise<Socket> {
  // A netcat without input hangs up its half of the connection at once; ours has to stay.
  const socket = createConnection({ host, port, allowHalfOpen: true });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(Math.max(1, Math.floor(timeoutMs))) });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
