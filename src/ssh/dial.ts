import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { TwinDbError } from '../errors.ts';

/** What the operator can do about a connection that does not come about. Codes: errno(3) and getaddrinfo(3). */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens on that port',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'no answer',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name server does not answer',
};

/** How long one of several addresses of a host is tried, in milliseconds; Node's own 250 are too few for a far host. */
const ADDRESS_MS = 5_000;

/** Opens a TCP connection within `timeoutMs`. Throws a TwinDbError that names the host and the reason. */
export async function dial(host: string, port: number, timeoutMs: number): Promise<Socket> {
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
      remedy:
        'Check backup_host and port in section [ssh], and that the SSH server runs and no firewall is between.',
    });
  }
}

function reasonOf(cause: unknown, timeoutMs: number): string {
  const { code, name, message } = cause as NodeJS.ErrnoException;
  if (name === 'AbortError') return `no answer within ${timeoutMs / 1000} s`;
  return REASONS[code ?? ''] ?? (message || code || 'unknown reason');
}
