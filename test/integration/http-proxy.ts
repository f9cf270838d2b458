import { createServer, type IncomingMessage, request } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Certificate } from './own-authority.ts';

/** A small proxy of the test's own: it connects, forwards plain HTTP, and may want a login. Stands in for tinyproxy and squid. */
export interface HttpProxy extends AsyncDisposable {
  readonly port: number;
  /** The first lines of the requests that it got. */
  readonly asked: string[];
}

interface ProxyOptions {
  /** USER:PASSWORD that it wants. */
  readonly login?: string;
  /** With it the proxy is reached by HTTPS. */
  readonly certificate?: Certificate;
  /** Answers each CONNECT with this status line instead of connecting; `''` answers nothing. */
  readonly refusal?: string;
}

export async function startHttpProxy({ login, certificate, refusal }: ProxyOptions = {}): Promise<HttpProxy> {
  const asked: string[] = [];
  const sockets = new Set<Duplex>();
  const admits = ({ method, url, headers }: IncomingMessage): boolean => {
    asked.push(`${method} ${url}`);
    const wanted = `Basic ${Buffer.from(login ?? '').toString('base64')}`;
    return login === undefined || headers['proxy-authorization'] === wanted;
  };
  const server = certificate ? createSecureServer(certificate) : createServer();
  server.on('request', (ask: IncomingMessage, answer) => {
    if (!admits(ask)) {
      answer.writeHead(407, { 'content-type': 'text/html' });
      answer.end('<html>log in</html>');
      return;
    }
    if (refusal !== undefined) {
      answer.writeHead(403, { 'content-type': 'text/html' });
      answer.end('<html>no</html>');
      return;
    }
    const { 'proxy-authorization': _, ...headers } = ask.headers;
    const onward = request(ask.url ?? '', { method: ask.method, headers, agent: false }, (real) => {
      answer.writeHead(real.statusCode ?? 502, real.headers);
      real.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    ask.pipe(onward);
  });
  server.on('connect', (ask: IncomingMessage, socket: Socket, head: Buffer) => {
    sockets.add(socket);
    if (!admits(ask)) return socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    if (refusal !== undefined) return refusal === '' ? undefined : socket.end(`HTTP/1.1 ${refusal}\r\n\r\n`);
    const [host, port] = (ask.url ?? '').split(':');
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
    return undefined;
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
