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
  // Without a listener for `upgrade` such an answer would be no event at all, and the signal would not end the wait either.
  const answers = [once(asked, 'response'), once(asked, 'upgrade')];
  const [answer] = (await Promise.race(answers)) as [http.IncomingMessage];
  asked.destroy();
  return answer.statusCode ?? 0;
}
