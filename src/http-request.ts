import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { findAddress } from './find-address.ts';

/** A request whose answer counts only by its status. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * Returns the HTTP status of the answer, whose body is not read. A redirect is not followed, as it would take secrets along.
 * Throws the error of the network, and the reason of the signal, which ends a lookup as well.
 */
export async function requestStatus(
  { method, url, headers, body = '' }: HttpRequest,
  signal: AbortSignal,
): Promise<number> {
  const { address, family } = await findAddress(url.hostname, signal);
  const asked = (url.protocol === 'https:' ? https : http).request(url, {
    method,
    headers: body === '' ? headers : { ...headers, 'content-length': Buffer.byteLength(body) },
    agent: false,
    // Node asks for a list of all addresses.
    lookup: (_host, _options, done) => done(null, [{ address, family }]),
    signal,
  });
  asked.end(body);
  const [answer] = (await once(asked, 'response')) as [http.IncomingMessage];
  answer.destroy();
  return answer.statusCode ?? 0;
}
