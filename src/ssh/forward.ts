import type { Duplex } from 'node:stream';
import { TwinDbError } from '../errors.ts';
import type { SshConnection } from './connect.ts';

/** Where the SSH server shall connect to in our place: a TCP port, or a socket in its file system. */
export type ForwardTarget = { readonly host: string; readonly port: number } | { readonly socket: string };

/** The server's answer when its configuration forbids it. Source: RFC 4254, section 5.1. */
const PROHIBITED = ['ADMINISTRATIVELY_PROHIBITED', 1];

/**
 * A connection that begins at the SSH server and reaches us encrypted. Throws a TwinDbError that says why there is none; its
 * words are meant to follow the name of what was to be reached.
 */
export async function openForward({ client }: SshConnection, target: ForwardTarget): Promise<Duplex> {
  try {
    return await new Promise<Duplex>((resolve, reject) => {
      const settle = (error: Error | undefined, channel: Duplex) =>
        error ? reject(error) : resolve(channel);
      if ('socket' in target) client.openssh_forwardOutStreamLocal(target.socket, settle);
      else client.forwardOut('127.0.0.1', 0, target.host, target.port, settle);
    });
  } catch (cause) {
    const { reason } = cause as { reason?: string | number };
    if (reason === undefined || !PROHIBITED.includes(reason)) {
      const words = (cause as Error).message.replace(/^.*Channel open failure: /, '').toLowerCase();
      throw new TwinDbError(words === 'open failed' ? 'no connection' : words, { cause, isExplained: true });
    }
    const option = 'socket' in target ? 'AllowStreamLocalForwarding' : 'AllowTcpForwarding';
    throw new TwinDbError('its SSH server forbids to connect through it', {
      cause,
      isExplained: true,
      remedy: `Set ${option} yes in its sshd_config, at least for this time.`,
    });
  }
}
