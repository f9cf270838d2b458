import type { ClientRequestArgs, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Connects to what stands between us and a server; undefined where nothing does. `signal` ends the attempt. */
export type Dial = (target: ClientRequestArgs, signal: AbortSignal) => Promise<Socket> | undefined;

/** Has an agent of Node's make its connections by `dial`, those of HTTPS through what that connects to. Destroying the agent ends attempts too. */
export function dialThrough<A extends HttpAgent>(agent: A, dial: Dial): A {
  const [connect, destroy] = [agent.createConnection.bind(agent), agent.destroy.bind(agent)];
  const closing = new AbortController();
  const finish = (socket: Socket, target: ClientRequestArgs): Duplex =>
    agent instanceof HttpsAgent ? (connect({ ...target, socket } as ClientRequestArgs) as Duplex) : socket;
  agent.createConnection = (target, done) => {
    const dialled = done && dial(target, closing.signal);
    if (!dialled) return connect(target, done);
    dialled
      .then((socket) => finish(socket, target))
      .then(
        (socket) => done(null, socket),
        // Node looks at no socket beside an error.
        (error: Error) => done(error, undefined as unknown as Duplex),
      );
    return undefined;
  };
  agent.destroy = () => {
    closing.abort();
    destroy();
  };
  return agent;
}
