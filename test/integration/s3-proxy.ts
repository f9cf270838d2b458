import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to a request: nothing said means that it goes through. */
export type Intercept = (
  asked: IncomingMessage,
  answer: ServerResponse,
  /** Sends the request to the real server; resolves with its answer, whose body is yet to be read. */
  forward: () => Promise<IncomingMessage>,
) => 'pass' | Promise<void> | void;

/** An HTTP proxy on the loopback address that spoils the traffic with a real S3 server. */
export interface Proxy {
  readonly endpoint: string;
  intercept: Intercept;
  /** Ends it with every connection. */
  kill(): Promise<void>;
  /** Listens again, on the same port. */
  revive(): Promise<void>;
}

/** Starts a proxy for the server at `target`. Signatures stay valid: the Host header goes through as it is. */
export async function startProxy(target: string, intercept: Intercept = () => 'pass'): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const server = createServer((asked, answer) => {
    const forward = (): Promise<IncomingMessage> =>
      new Promise((resolve, reject) => {
        const { method, url: path, headers } = asked;
        const onward = request({ hostname, port, method, path, headers, agent: false }, resolve);
        onward.on('error', reject);
        asked.on('error', () => onward.destroy());
        answer.on('close', () => onward.destroy());
        asked.pipe(onward);
      });
    if (proxy.intercept(asked, answer, forward) !== 'pass') return;
    forward().then(
      (real) => {
        answer.writeHead(real.statusCode ?? 502, real.headers);
        real.on('error', () => answer.destroy());
        return real.pipe(answer);
      },
      () => answer.destroy(),
    );
  });
  const listen = (on: number): Promise<number> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(on, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
  const own = await listen(0);
  const proxy: Proxy = {
    endpoint: `http://127.0.0.1:${own}`,
    intercept,
    kill: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    async revive() {
      await listen(own);
    },
  };
  return proxy;
}
