import { randomBytes, randomUUID } from 'node:crypto';
import type { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { Secret } from '../../config/secret.ts';
import { TwinDbError } from '../../errors.ts';
import type { Digest } from '../../pipeline/digest.ts';
import { dialListener } from './dial-listener.ts';
import { type Receiver, receiverScript, refusalOf, requireReceived, SECRET_LENGTH } from './receive.ts';
import { ReceiverStage } from './receiver-stage.ts';
import { type RemoteHost, scriptWords } from './remote-host.ts';
import { startSupervised } from './supervise.ts';

/** How the data go: inside the SSH connection, or by plain TCP to a netcat that listens on the other side. */
export type Transport =
  | { readonly kind: 'ssh' }
  | { readonly kind: 'netcat'; readonly port: number; readonly listen: readonly string[] };

/**
 * Netcats and what makes them take one connection and write it to stdout, the best form first; they differ in how they name the
 * port, and in whether they can turn away all but one address.
 */
const NETCATS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  ncat: [
    ['ncat', '--recv-only', '--allow', 'SOURCE', '-l', 'PORT'],
    // Where an address between the hosts is translated, ours is not the one it sees.
    ['ncat', '--recv-only', '-l', 'PORT'],
  ],
  // The traditional one, which would take any other port without -p, then OpenBSD's.
  nc: [
    ['nc', '-l', '-p', 'PORT'],
    ['nc', '-l', 'PORT'],
  ],
};

/** The programs that can listen, the best first. */
export const NETCAT_PROGRAMS: readonly string[] = Object.keys(NETCATS);

/**
 * Finds out, before anything changes, how `program` listens there and whether the port can be reached from here. Throws a
 * TwinDbError when it cannot.
 */
export async function probeNetcat(host: RemoteHost, program: string, port: number): Promise<Transport> {
  const { localAddress } = await host.connection();
  const meant = new Map([
    ['PORT', String(port)],
    ['SOURCE', localAddress.replace(/^::ffff:/, '')],
  ]);
  const forms = (NETCATS[program] ?? []).map((form) => form.map((word) => meant.get(word) ?? word));
  let failure: unknown;
  for (const listen of forms) {
    const outcome = await probe(host, listen, port);
    if (outcome === 'taken') return { kind: 'netcat', port, listen };
    failure ??= outcome;
  }
  throw failure;
}

/** How long a netcat may take to end when its connection has, in milliseconds. */
const ANSWER_MS = 3000;

/**
 * Why this form does not do: the program does not know it, or turns us away. Throws a TwinDbError where none would, as when the port
 * cannot be reached, or something else has taken the place of our connection: that must not bring about a form that is less strict.
 */
async function probe(
  host: RemoteHost,
  listen: readonly string[],
  port: number,
): Promise<'taken' | TwinDbError> {
  const command = await startSupervised(host, listen, 'lifeline');
  let hasEnded = false;
  const ended = command.ended.finally(() => {
    hasEnded = true;
  });
  ended.catch(() => undefined);
  try {
    const socket = await dialListener(host.name, port, command);
    const nonce = randomUUID();
    socket.end(nonce);
    // One that turns us away resets the connection, and does not end.
    await text(socket).catch(() => undefined);
    const end = await Promise.race([ended, delay(ANSWER_MS, undefined, { ref: false })]);
    if (end?.stdout === nonce) return 'taken';
    return new TwinDbError(`Something else than ${listen[0]} answers on port ${port} of ${host.name}`);
  } catch (error) {
    if (hasEnded && error instanceof TwinDbError) return error;
    throw error;
  } finally {
    await command.close();
  }
}

interface Sending {
  /** The digest of the stream; asked for when all of it has gone by. */
  readonly digest: () => Digest;
  /** Gets what the commands over there say. */
  readonly onLine: (line: string) => void;
}

/** Starts the receiver on the other side. The stage finishes only when that has unpacked the very stream that was sent. */
export async function startReceiving(
  host: RemoteHost,
  transport: Transport,
  stages: Omit<Receiver, 'listen'>,
  { digest, onLine }: Sending,
): Promise<Writable> {
  const receiver: Receiver = {
    ...stages,
    listen: transport.kind === 'netcat' ? transport.listen : undefined,
  };
  const script = scriptWords(receiverScript(receiver));
  const secret = new Secret(randomBytes(SECRET_LENGTH / 2).toString('hex'));
  const stdin = transport.kind === 'ssh' ? 'data' : secret;
  const { failureLine } = receiver;
  const listener = { onStderrLine: onLine, ...(failureLine && { failureLine }) };
  const command = await startSupervised(host, script, stdin, listener);
  const check = async (isSent: boolean) =>
    requireReceived(await command.ended, receiver, isSent ? digest() : undefined, host.name);
  switch (transport.kind) {
    case 'ssh':
      return new ReceiverStage({ command, pipe: command.stdin, check });
    case 'netcat':
      try {
        const pipe = await dialListener(host.name, transport.port, command);
        pipe.write(secret.reveal());
        return new ReceiverStage({ command, pipe, check });
      } catch (error) {
        await command.close();
        const end = await command.ended.catch(() => undefined);
        throw (end && refusalOf(end, receiver, host.name)) ?? error;
      }
  }
}
