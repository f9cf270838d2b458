import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';
import { codeOf, hasCode } from '../../errors.ts';
import { explainNetworkError } from '../../network.ts';
import { explainConnection } from './explain-connection.ts';
import { authorization, type Proxy } from './proxy.ts';

/** A proxy cannot be reached, or lets nothing through. */
export class ProxyError extends Error {
  override name = 'ProxyError';
  readonly remedy: string;
  /** For the SDK: there, where the next attempt may go better. */
  readonly $retryable: object | undefined;

  constructor(
    message: string,
    {
      remedy,
      isPassing,
      cause,
    }: { readonly remedy: string; readonly isPassing?: boolean; readonly cause?: unknown },
  ) {
    super(message, { cause });
    this.remedy = remedy;
    this.$retryable = isPassing ? { throttling: false } : undefined;
  }
}

/** What a connection needs beside its target. */
export interface Surroundings {
  /** Whom to trust; absent: the authorities of Node.js. */
  readonly secureContext: SecureContext | undefined;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
}

/** Connects to a proxy. Throws a ProxyError. */
export async function dialProxy(proxy: Proxy, { secureContext, signal }: Surroundings): Promise<Socket> {
  const { hostname, port, protocol } = proxy.url;
  const isTls = protocol === 'https:';
  // A URL has the address of IPv6 in brackets, and no port where it is the usual one.
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const where = { host, port: Number(port) || (isTls ? 443 : 80) };
  const socket = isTls
    ? connectTls({
        ...where,
        // An address is no name to TLS; without one it is the address that the certificate has to bear.
        ...(isIP(host) === 0 && { servername: host }),
        ...(secureContext && { secureContext }),
      })
    : connectPlain(where);
  try {
    await once(socket, isTls ? 'secureConnect' : 'connect', { signal });
    return socket;
  } catch (cause) {
    socket.destroy();
    throw unreachable(proxy, cause);
  }
}

/** A connection through a proxy to `target`, which is HOST:PORT. Throws a ProxyError. */
export async function openTunnel(proxy: Proxy, target: string, surroundings: Surroundings): Promise<Socket> {
  const socket = await dialProxy(proxy, surroundings);
  const asking = request({
    method: 'CONNECT',
    path: target,
    headers: { host: target, ...authorization(proxy) },
    createConnection: () => socket,
    signal: surroundings.signal,
  });
  asking.end();
  try {
    const [answer, , head] = (await once(asking, 'connect')) as [IncomingMessage, Socket, Buffer];
    const { statusCode = 0, statusMessage = '' } = answer;
    if (statusCode < 200 || statusCode > 299) throw refusal(proxy, target, statusCode, statusMessage);
    if (head.length > 0) socket.unshift(head);
    return socket;
  } catch (cause) {
    socket.destroy();
    throw cause instanceof ProxyError ? cause : unreachable(proxy, cause);
  }
}

/** What the operator knows it by. */
function nameOf({ url, variable }: Proxy): string {
  return `the proxy ${url.host} (${variable})`;
}

function unreachable(proxy: Proxy, cause: unknown): ProxyError {
  const { message } = cause as Error;
  const known = explainConnection(codeOf(cause) ?? '', message, nameOf(proxy));
  if (known) return new ProxyError(known.reason, { remedy: known.remedy, cause });
  const reason = explainNetworkError(cause) ?? (hasCode(cause, 'ABORT_ERR') ? 'no answer' : message);
  return new ProxyError(`${nameOf(proxy)} cannot be used: ${reason}`, {
    cause,
    isPassing: true,
    remedy: `Correct ${proxy.variable}, or name the server in NO_PROXY if it can be reached without a proxy.`,
  });
}

/** The proxy wants to know who asks. Source: RFC 9110, section 15.5.8. */
export const WANTS_LOGIN = 407;

/** What tinyproxy answers to a wrong login. */
const WRONG_LOGIN = 401;

/** The error for a proxy that answers with this status in place of `target`, which is HOST:PORT; `words` are its own. */
export function refusal(proxy: Proxy, target: string, status: number, words: string): ProxyError {
  const { url, variable } = proxy;
  const said = `(HTTP ${status} ${words})`;
  if (status === WANTS_LOGIN || status === WRONG_LOGIN) {
    const problem = url.username === '' ? 'wants a login' : `refuses the login of ${url.username}`;
    return new ProxyError(`${nameOf(proxy)} ${problem} ${said}`, {
      remedy: `Write the login into ${variable}: http://USER:PASSWORD@HOST:PORT, with %40 for an @ in it.`,
    });
  }
  return new ProxyError(`${nameOf(proxy)} does not connect to ${target} ${said}`, {
    // It got no further itself.
    isPassing: status >= 500,
    remedy: `Have the proxy let ${target} through, or name the server in NO_PROXY if it can be reached without a proxy.`,
  });
}
