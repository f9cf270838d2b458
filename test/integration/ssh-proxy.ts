import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A link to a real server that can fall silent without closing: what a firewall or a pulled cable does. */
export interface Link extends AsyncDisposable {
  readonly port: number;
  /** How many clients are connected. */
  clients(): number;
  /** From now on nothing gets through in either direction, and nobody is told. */
  freeze(): void;
  /** Lets through only so many bytes a second to the server. */
  throttle(bytesPerSecond: number): void;
}

export async function openLink(port: number): Promise<Link> {
  let frozen = false;
  let clients = 0;
  let rate = Number.POSITIVE_INFINITY;
  const sockets = new Set<Socket>();
  const forward = (from: Socket, to: Socket, limit: () => number): void => {
    sockets.add(from);
    from.on('data', (chunk) => {
      if (frozen || limit() < Number.POSITIVE_INFINITY) from.pause();
      if (frozen) return;
      to.write(chunk);
      setTimeout(() => from.resume(), (chunk.length / limit()) * 1000);
    });
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  };
  const server = createServer((client) => {
    clients++;
    client.on('close', () => clients--);
    const upstream = connect(port, '127.0.0.1');
    forward(client, upstream, () => rate);
    forward(upstream, client, () => Number.POSITIVE_INFINITY);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    clients: () => clients,
    freeze() {
      frozen = true;
    },
    throttle(bytesPerSecond) {
      rate = bytesPerSecond;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
