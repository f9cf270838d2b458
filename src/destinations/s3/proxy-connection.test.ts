import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { dialProxy, openTunnel } from './proxy-connection.ts';

const servers: Server[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server): Promise<string> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const named = (url: string) => ({ url: new URL(url), variable: 'HTTPS_PROXY' });

test('a tunnel outlives the time that there is for opening it', async () => {
  const server = createHttpServer();
  server.on('connect', (_request, socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    socket.pipe(socket);
  });
  const signal = AbortSignal.timeout(200);
  const tunnel = await openTunnel(named(`http://${await listen(server)}`), 'server:443', {
    secureContext: undefined,
    signal,
  });
  if (!signal.aborted) await once(signal, 'abort');
  await sleep(20);
  tunnel.write('still there');
  const [bytes] = (await once(tunnel, 'data')) as [Buffer];
  expect(bytes.toString()).toBe('still there');
  tunnel.destroy();
});

test('a proxy that is reached by HTTPS at an address is told no name, of which Node.js warns on stderr', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const hello = createServer((socket) => socket.once('data', () => socket.destroy()));
  const dialling = dialProxy(named(`https://${await listen(hello)}`), {
    secureContext: undefined,
    signal: AbortSignal.timeout(5000),
  });
  await expect(dialling).rejects.toThrow(/^the proxy 127\.0\.0\.1:\d+ \(HTTPS_PROXY\) cannot be used/);
  expect(warn).not.toHaveBeenCalled();
});
