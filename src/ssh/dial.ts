import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { codeOf, TwinDbError } from '../errors.ts';
import { explainNetworkError } from '../network.ts';

/** How long one of several addresses of a host is tried, in milliseconds; Node's own 250 are too few for a far host. */
const ADDRESS_MS = 5_000;

/** What the operator can do, where the host comes from the configuration. */
const REMEDY =
  'Check backup_host and port in section [ssh], and that the SSH server runs and no firewall is between.';

/** Opens a TCP connection within `timeoutMs`. Throws a TwinDbError that names the host, the reason and the remedy. */
export async function dial(
  host: string,
  port: number,
  timeoutMs: number,
  remedy: string = REMEDY,
): Promise<Socket> {
  const socket = createConnection({
    host,
    port,
    noDelay: true, // small requests must not wait for more to come
    autoSelectFamilyAttemptTimeout: ADDRESS_MS,
  });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(timeoutMs) });
    return socket;
  } catch (cause) {
    socket.destroy();
    throw new TwinDbError(`Cannot connect to ${host}, port ${port}: ${reasonOf(cause, timeoutMs)}`, {
      cause,
      isExplained: true,
      remedy,
    });
  }
}

function reasonOf(cause: unknown, timeoutMs: number): string {
  const { name, message } = cause as Error;
  if (name === 'AbortError') return `no answer within ${timeoutMs / 1000} s`;
  return explainNetworkError(cause) ?? (message || codeOf(cause) || 'unknown reason');
}
