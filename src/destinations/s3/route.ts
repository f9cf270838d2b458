import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { readCaBundle } from './ca-bundle.ts';
import { type Dial, dialThrough } from './dial-through.ts';
import { authorization, type Environment, findProxy, type Proxy } from './proxy.ts';
import { dialProxy, openTunnel, refusal, type Surroundings, WANTS_LOGIN } from './proxy-connection.ts';

type Handler = S3Client['config']['requestHandler'];

/** How requests get to the server: through the proxies and by the authorities that the environment names, as with boto3. */
interface Route {
  readonly agents: { readonly httpAgent: HttpAgent; readonly httpsAgent: HttpsAgent };
  /** A handler that sends plain HTTP as a proxy wants it: with the complete URL. For HTTPS a proxy only connects. */
  readonly forward: (handler: Handler) => Handler;
}

interface RouteLimits {
  readonly maxSockets: number;
  /** Milliseconds after which the SDK gives up an attempt to connect. */
  readonly connectMs: number;
}

/** Of these milliseconds: we give up before the SDK does, whose words say nothing of a proxy. */
const DIAL_SHARE = 0.9;

/** Plans the way to an endpoint, Amazon's if none is given. Connects to nothing yet. Throws a ConfigError for a wrong variable of the environment. */
export function planRoute(
  endpointUrl: string | undefined,
  { maxSockets, connectMs }: RouteLimits,
  environment: Environment = process.env,
): Route {
  const endpoint = new URL(endpointUrl ?? 'https://s3.amazonaws.com');
  const urls = [endpoint, findProxy(endpoint, environment)?.url];
  const secureContext = urls.some((url) => url?.protocol === 'https:')
    ? readCaBundle(environment)
    : undefined;
  const through =
    (
      scheme: string,
      dial: (proxy: Proxy, target: string, surroundings: Surroundings) => Promise<Socket>,
    ): Dial =>
    ({ host, port }, signal) => {
      const target = `${host?.includes(':') ? `[${host}]` : host}:${port}`;
      const proxy = findProxy(new URL(`${scheme}://${target}`), environment);
      if (proxy === undefined) return undefined;
      const limit = AbortSignal.any([signal, AbortSignal.timeout(connectMs * DIAL_SHARE)]);
      return dial(proxy, target, { secureContext, signal: limit });
    };
  const options = { keepAlive: true, maxSockets };
  const httpsOptions = { ...options, ...(secureContext && { secureContext }) };
  return {
    agents: {
      httpAgent: dialThrough(
        new HttpAgent(options),
        through('http', (proxy, _target, surroundings) => dialProxy(proxy, surroundings)),
      ),
      httpsAgent: dialThrough(new HttpsAgent(httpsOptions), through('https', openTunnel)),
    },
    forward: (handler) => forwardPlain(handler, environment),
  };
}

/** What is no answer of S3's, which are in XML. */
const WEB_PAGE = /^text\/html/;

function forwardPlain(handler: Handler, environment: Environment): Handler {
  const handle: Handler['handle'] = async (request, options) => {
    const { protocol, hostname, port, path } = request;
    const target = port === undefined ? hostname : `${hostname}:${port}`;
    const proxy = protocol === 'http:' ? findProxy(new URL(`http://${target}`), environment) : undefined;
    if (proxy === undefined) return await handler.handle(request, options);
    const forwarded = Object.assign(Object.create(Object.getPrototypeOf(request)), request, {
      path: `http://${target}${path}`,
      headers: { ...request.headers, ...authorization(proxy) },
    });
    const result = await handler.handle(forwarded, options);
    const { statusCode, reason, headers, body } = result.response;
    const isPage = statusCode >= 400 && WEB_PAGE.test(headers['content-type'] ?? '');
    if (statusCode !== WANTS_LOGIN && !isPage) return result;
    (body as Readable).destroy();
    throw refusal(proxy, target, statusCode, reason ?? '');
  };
  return {
    metadata: handler.metadata ?? { handlerProtocol: 'http/1.1' },
    handle,
    destroy: () => handler.destroy?.(),
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
  };
}
