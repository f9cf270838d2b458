import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A link to a real server that can fall silent without closing: what a firewall or a pulled cable does. */
export interface Link extends AsyncDisposable {
  readonly port: number;
  /** How many clients are connected. */
  clients(): number;
  /** From now on nothing gets through in either direction, and nobody is told. */
  freeze(): void;
  /** The same for the present clients only: those who connect anew get through. */
  freezePresent(): void;
  /** Lets through only so many bytes a second to the server. */
  throttle(bytesPerSecond: number): void;
}

/** `silences` tells of which bytes of a client nothing gets through, nor of anything behind them. */
export async function openLink(
  port: number,
  silences: (chunk: Buffer) => boolean = () => false,
): Promise<Link> {
  /** Up to which client, by the order in which they came, nothing gets through. */
  let frozenUpTo = -1;
  let next = 0;
  let clients = 0;
  let rate = Number.POSITIVE_INFINITY;
  const sockets = new Set<Socket>();
  const forward = (
    from: Socket,
    to: Socket,
    limit: () => number,
    stops: (chunk: Buffer) => boolean,
  ): void => {
    sockets.add(from);
    from.on('data', (chunk: Buffer) => {
      const frozen = stops(chunk);
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
    const index = next++;
    const isFrozen = () => index <= frozenUpTo;
    forward(
      client,
      upstream,
      () => rate,
      (chunk) => isFrozen() || silences(chunk),
    );
    forward(upstream, client, () => Number.POSITIVE_INFINITY, isFrozen);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    clients: () => clients,
    freeze() {
      frozenUpTo = Number.POSITIVE_INFINITY;
    },
    freezePresent() {
      frozenUpTo = next - 1;
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
