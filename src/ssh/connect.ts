import { once } from 'node:events';
import type { Socket } from 'node:net';
import { quote } from 'shlex';
import ssh2, { type Client } from 'ssh2';
import { TwinDbError } from '../errors.ts';
import type { Log } from '../log.ts';
import { dial } from './dial.ts';
import { type HostKeyCheck, type HostKeyPolicy, openHostKeyCheck } from './host-key.ts';
import { readPrivateKey } from './private-key.ts';
import { HungUpError, redial } from './redial.ts';
import { watchLink } from './watch-link.ts';

/** Whom to talk to, as whom, and whom to trust. */
export interface SshTarget extends HostKeyPolicy {
  readonly user: string;
  /** Path of the private key; it must not need a passphrase. */
  readonly keyFile: string;
  /** What to do when nobody answers there; absent: correct the configuration. */
  readonly dialRemedy?: string;
}

/** Milliseconds and counts; tests shorten them. */
export interface SshTiming {
  /** To connect, and again to shake hands and log in. */
  readonly connectMs: number;
  /** Between two questions whether the other side is still there. */
  readonly keepaliveMs: number;
  /** After so many of them without a single byte from the other side the link is dead. */
  readonly keepaliveCount: number;
  /** For so long a server that refuses connections is dialled again. */
  readonly redialMs: number;
}

/** A dead link is an error after 60 to 75 seconds. */
export const SSH_TIMING: SshTiming = {
  connectMs: 20_000,
  keepaliveMs: 15_000,
  keepaliveCount: 4,
  redialMs: 30_000,
};

/** How long a polite goodbye may take, in milliseconds. */
const GOODBYE_MS = 3_000;

/** An open connection. Disposing of it closes it and waits until it is closed. */
export interface SshConnection extends AsyncDisposable {
  readonly client: Client;
  /** This machine's address, as the other side sees it unless something between translates addresses. */
  readonly localAddress: string;
  /** The address that was dialled. */
  readonly remoteAddress: string;
  /** Why the connection was lost; undefined while it is up, and when the other side just closed it. */
  failure(): Error | undefined;
}

/**
 * Connects, and for half a minute again where the server is too busy to let anyone in. Uses public-key authentication, after the server's key was checked against known_hosts (a new one is
 * pinned with one warning, or refused). Throws a TwinDbError that names host and reason, mostly with a remedy.
 */
export async function connect(target: SshTarget, log: Log, timing = SSH_TIMING): Promise<SshConnection> {
  const privateKey = await readPrivateKey(target.keyFile);
  return await redial(() => connectOnce(target, privateKey, log, timing), timing.redialMs, log);
}

async function connectOnce(
  target: SshTarget,
  privateKey: Awaited<ReturnType<typeof readPrivateKey>>,
  log: Log,
  timing: SshTiming,
): Promise<SshConnection> {
  const hostKey = openHostKeyCheck(target, log);
  const socket = await dial(target.host, target.port, timing.connectMs, target.dialRemedy);
  const client = new ssh2.Client();
  let failure: Error | undefined;
  const fail = (error: unknown): void => {
    // ssh2 emits several errors for one fault: the first one is the cause.
    failure ??= error instanceof Error ? error : new Error(String(error));
    socket.destroy();
  };
  client.on('error', fail);
  client.on('handshake', () => attempt(() => hostKey.pin(), fail));
  const closed = new Promise<void>((resolve) => {
    client.once('close', resolve);
  });
  const connection: SshConnection = {
    client,
    localAddress: socket.localAddress ?? '',
    remoteAddress: socket.remoteAddress ?? '',
    failure: () => failure,
    [Symbol.asyncDispose]: () => close(client, socket, closed),
  };
  const ready = once(client, 'ready');
  // `close` without an error before the login: the server hung up.
  const hungUp = closed.then(() => {
    throw failure ?? new HungUpError();
  });
  client.connect({
    sock: socket,
    username: target.user,
    privateKey,
    authHandler: ['publickey'],
    algorithms: { serverHostKey: hostKey.algorithms },
    hostVerifier: (key: Buffer) => accepts(hostKey, key, fail),
    readyTimeout: timing.connectMs,
    keepaliveInterval: timing.keepaliveMs,
    // ssh2 counts questions without an answer, but on a slow link the answer waits behind megabytes of data.
    keepaliveCountMax: Number.POSITIVE_INFINITY,
  });
  try {
    await Promise.race([ready, hungUp]);
  } catch (cause) {
    socket.destroy();
    throw explain(failure ?? cause, target);
  }
  watchLink(socket, target.host, timing, fail);
  return connection;
}

function attempt(step: () => void, fail: (error: unknown) => void): boolean {
  try {
    step();
    return true;
  } catch (error) {
    fail(error);
    return false;
  }
}

function accepts(hostKey: HostKeyCheck, key: Buffer, fail: (error: unknown) => void): boolean {
  return attempt(() => hostKey.judge(key), fail);
}

/** The error for the operator. What was thrown by ourselves says enough. */
function explain(cause: unknown, { host, port, user, keyFile }: SshTarget): TwinDbError {
  if (cause instanceof TwinDbError) return cause;
  const { level } = cause as { level?: string };
  if (level === 'client-authentication') {
    return new TwinDbError(`${host}, port ${port}, does not let in user ${user} with the key ${keyFile}`, {
      cause,
      isExplained: true,
      remedy: `Allow the key there: ssh-copy-id -i ${quote(keyFile)} -p ${port} ${quote(`${user}@${host}`)}`,
    });
  }
  return new TwinDbError(`Cannot open an SSH connection to ${host}, port ${port}`, { cause });
}

async function close(client: Client, socket: Socket, closed: Promise<void>): Promise<void> {
  client.end();
  const timer = setTimeout(() => socket.destroy(), GOODBYE_MS);
  await closed;
  clearTimeout(timer);
}
