import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { findAddress } from '../find-address.ts';
import { sendError } from './send-error.ts';

/** A UDP server, as the operator knows it. */
export interface UdpAddress {
  readonly host: string;
  readonly port: number;
  /** What listens there, for messages: `the Datadog agent`. */
  readonly what: string;
  /** The options to correct when it does not, for messages. */
  readonly options: string;
}

/** How long a host that refuses the packet has to say so, in milliseconds; one on this machine does at once. */
const REFUSAL_MS = 50;

/**
 * Sends one datagram. Nobody acknowledges it; but a name that does not exist, and a port of this machine on which nothing
 * listens, are errors.
 */
export async function sendDatagram(to: UdpAddress, text: string, signal: AbortSignal): Promise<void> {
  let socket: Socket | undefined;
  try {
    const { address, family } = await findAddress(to.host, signal);
    socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    await deliver(socket, { address, port: to.port }, text, signal);
  } catch (cause) {
    const where = `${to.what} at ${to.host}, UDP port ${to.port}`;
    throw sendError(where, cause, `Start it, or correct ${to.options} in section [export].`);
  } finally {
    socket?.close();
  }
}

async function deliver(
  socket: Socket,
  { address, port }: { readonly address: string; readonly port: number },
  text: string,
  signal: AbortSignal,
): Promise<void> {
  const refused = once(socket, 'error', { signal }).then(([error]) => {
    throw error;
  });
  const sent = new Promise<void>((resolve, reject) => {
    // Where there is no way to the address, Node gives the error to this function, and not as an event.
    const send = (problem?: Error) => {
      if (problem) reject(problem);
      else socket.send(text, (error) => (error ? reject(error) : resolve()));
    };
    socket.connect(port, address, send);
  });
  await Promise.race([sent.then(() => delay(REFUSAL_MS)), refused]);
}
