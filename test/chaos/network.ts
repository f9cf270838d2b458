import type { IncomingMessage } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { startProxy } from '../integration/s3-proxy.ts';
import type { NetworkFault } from './faults.ts';

/** What stands between a run and its server. */
export interface Way extends AsyncDisposable {
  readonly port: number;
  /** Begins to count again; at the point `nth` the fault happens, none without one. */
  arm(fault?: NetworkFault, nth?: number): void;
  /** Points that have gone by: requests, or bytes from the client and from the server. */
  seen(): { readonly requests: number; readonly up: number; readonly down: number };
  /** Whether the fault has happened. */
  fired(): boolean;
}

const STALL_MS = 2000;

/** For S3: a point is a request. */
export async function httpWay(target: string): Promise<Way> {
  let [requests, nth, hasFired] = [0, 0, false];
  let fault: NetworkFault | undefined;
  const proxy = await startProxy(target, (asked, answer, forward) => {
    requests += 1;
    if (fault === undefined || requests !== nth) return 'pass';
    hasFired = true;
    const cut = (): void => {
      asked.socket.destroy();
    };
    const afterAnswer = async (spoil: (real: IncomingMessage) => Promise<void>): Promise<void> => {
      try {
        await spoil(await forward());
      } catch {
        // The connection to the real server ends with that of the client.
        cut();
      }
    };
    switch (fault) {
      case 'cut':
        return cut();
      case 'cut-answer':
        return afterAnswer(async (real) => {
          real.resume();
          cut();
        });
      case 'half-answer':
        return afterAnswer(async (real) => {
          const blocks: Buffer[] = [];
          for await (const block of real) blocks.push(block as Buffer);
          const bytes = Buffer.concat(blocks);
          answer.writeHead(real.statusCode ?? 502, real.headers);
          answer.write(bytes.subarray(0, bytes.length >> 1), cut);
        });
      case 'half-close':
        asked.resume();
        asked.socket.end();
        return undefined;
      case 'stall':
        return delay(STALL_MS).then(cut);
      case 'slow-down':
        asked.resume();
        answer.writeHead(503, { 'content-type': 'application/xml' });
        answer.end('<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>');
        return undefined;
    }
  });
  return {
    port: Number(new URL(proxy.endpoint).port),
    arm(next, at = 0) {
      [requests, nth, hasFired, fault] = [0, at, false, next];
    },
    seen: () => ({ requests, up: 0, down: 0 }),
    fired: () => hasFired,
    [Symbol.asyncDispose]: () => proxy.kill(),
  };
}

/** For SSH: a point is a byte, from the client or, for faults of an answer, from the server. */
export async function tcpWay(port: number): Promise<Way> {
  const sockets = new Set<Socket>();
  let [up, down, nth, hasFired] = [0, 0, 0, false];
  let fault: NetworkFault | undefined;
  const isOfAnswer = (): boolean => fault === 'cut-answer' || fault === 'half-answer';
  const isDue = (direction: 'up' | 'down'): boolean =>
    fault !== undefined &&
    !hasFired &&
    (direction === 'down') === isOfAnswer() &&
    (direction === 'up' ? up : down) >= nth;
  const spoil = async (client: Socket, upstream: Socket, chunk: Buffer): Promise<void> => {
    hasFired = true;
    if (fault === 'half-answer') client.write(chunk.subarray(0, chunk.length >> 1));
    if (fault === 'half-close') return void client.end();
    if (fault === 'stall') await delay(STALL_MS);
    client.destroy();
    upstream.destroy();
  };
  const server: Server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const [from, to, direction] of [
      [client, upstream, 'up'],
      [upstream, client, 'down'],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk) => {
        if (direction === 'up') up += chunk.length;
        else down += chunk.length;
        if (isDue(direction)) {
          client.pause();
          upstream.pause();
          void spoil(client, upstream, chunk);
        } else to.write(chunk);
      });
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    arm(next, at = 0) {
      [up, down, nth, hasFired, fault] = [0, 0, at, false, next];
    },
    seen: () => ({ requests: 0, up, down }),
    fired: () => hasFired,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
