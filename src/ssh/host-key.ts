import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { quote } from 'shlex';
import type { ServerHostKeyAlgorithm } from 'ssh2';
import { hasCode, TwinDbError } from '../errors.ts';
import type { Log } from '../log.ts';
import {
  findKnownKeys,
  fingerprint,
  type KnownKey,
  knownHostsLine,
  knownHostsName,
  typeOfKey,
} from './known-hosts.ts';

/** Whose key is judged, and by which file. */
export interface HostKeyPolicy {
  readonly host: string;
  readonly port: number;
  /** Path of the known_hosts file; it need not exist. */
  readonly knownHosts: string;
  /** Files of the whole machine that count as well; absent: those of ssh(1). */
  readonly globalKnownHosts?: readonly string[];
  /** `accept-new` pins an unknown host's key on first use; `strict` refuses an unknown host. */
  readonly hostKeyChecking: 'accept-new' | 'strict';
}

/** Decides whether the server is the one we know. Used for one connection. */
export interface HostKeyCheck {
  /** Algorithms to ask for, best first: the types already known, so that no other key of the server looks like a changed one. */
  readonly algorithms: ServerHostKeyAlgorithm[];
  /** Throws a TwinDbError unless this key may be accepted. Runs again whenever the connection renews its keys. */
  judge(key: Buffer): void;
  /** Makes an accepted new key known; call it when the server has proved that the key is its own. */
  pin(): void;
}

/** What ssh(1) reads beside the user's own file. Source: ssh_config(5), GlobalKnownHostsFile. */
const GLOBAL_KNOWN_HOSTS = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];

/** A known key, and the file that it is in. */
interface FiledKey extends KnownKey {
  readonly file: string;
}

/** What ssh2 offers by itself, best first, with the type of key that goes with each. */
const ALGORITHMS: readonly (readonly [ServerHostKeyAlgorithm, string])[] = [
  ['ssh-ed25519', 'ssh-ed25519'],
  ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp256'],
  ['ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp384'],
  ['ecdsa-sha2-nistp521', 'ecdsa-sha2-nistp521'],
  ['rsa-sha2-512', 'ssh-rsa'],
  ['rsa-sha2-256', 'ssh-rsa'],
  ['ssh-rsa', 'ssh-rsa'],
];

/** Reads what is known about the host. Throws a TwinDbError when the file of the policy is there but cannot be read. */
export function openHostKeyCheck(policy: HostKeyPolicy, log: Log): HostKeyCheck {
  const name = knownHostsName(policy.host, policy.port);
  const { known, gaps } = readKnownKeys(name, policy);
  const types = new Set(known.filter(({ marker }) => marker === undefined).map(({ type }) => type));
  let accepted: Buffer | undefined;
  let isNew = false;
  return {
    algorithms: ALGORITHMS.toSorted(([, a], [, b]) => Number(types.has(b)) - Number(types.has(a))).map(
      ([algorithm]) => algorithm,
    ),
    judge(key) {
      if (accepted === undefined) isNew = !isKnown(key, known, { name, gaps }, policy);
      else if (!accepted.equals(key)) throw new TwinDbError(`${name} changed its host key while connected`);
      accepted = key;
    },
    pin() {
      if (!isNew || accepted === undefined) return;
      isNew = false;
      append(policy.knownHosts, knownHostsLine(name, accepted));
      log.warn(
        `${name} was unknown${gaps}: its ${typeOfKey(accepted)} host key ${fingerprint(accepted)} is now trusted and recorded in ${policy.knownHosts}`,
      );
    },
  };
}

/**
 * What the files hold about a host, and in words which of them could not be looked at: one of the whole machine that this user may not read does not
 * count, as with ssh(1), and is named where the key turns out to be unknown.
 */
function readKnownKeys(
  name: string,
  { knownHosts, globalKnownHosts = GLOBAL_KNOWN_HOSTS }: HostKeyPolicy,
): { readonly known: readonly FiledKey[]; readonly gaps: string } {
  const unread: string[] = [];
  const known = [knownHosts, ...globalKnownHosts].flatMap((file) => {
    const text = readKnownHosts(file);
    if (!(text instanceof Error)) return findKnownKeys(text, name).map((key): FiledKey => ({ ...key, file }));
    if (file === knownHosts) throw unreadable(file, text);
    unread.push(file);
    return [];
  });
  return { known, gaps: unread.length === 0 ? '' : ` (${unread.join(' and ')} cannot be read by this user)` };
}

/** True for a known key, false for a new host's that may be pinned; throws for every other. `gaps` says what could not be looked at. */
function isKnown(
  key: Buffer,
  lines: readonly FiledKey[],
  { name, gaps }: { readonly name: string; readonly gaps: string },
  policy: HostKeyPolicy,
): boolean {
  const same = lines.filter((line) => line.key.equals(key));
  const revoked = same.find(({ marker }) => marker === 'revoked');
  if (revoked) {
    throw new TwinDbError(
      `The host key ${fingerprint(key)} of ${name} is revoked in ${revoked.file}, line ${revoked.line}`,
      { remedy: 'Give the server a new host key, or find out who is answering in its place.' },
    );
  }
  if (same.some(({ marker }) => marker === undefined)) return true;
  const valid = lines.filter(({ marker }) => marker === undefined);
  const expected = valid.find((line) => line.type === typeOfKey(key)) ?? valid[0];
  if (expected) throw changed(key, expected, name);
  const authority = lines.find(({ marker }) => marker === 'cert-authority');
  if (authority) throw uncertified(key, authority, name, policy);
  if (policy.hostKeyChecking === 'strict')
    throw unknown(key, `${name} is not in ${policy.knownHosts}${gaps}`, policy);
  return false;
}

function changed(key: Buffer, expected: FiledKey, name: string): TwinDbError {
  return new TwinDbError(
    `The host key of ${name} has changed: ${expected.file}, line ${expected.line}, holds ${expected.type} ` +
      `${fingerprint(expected.key)}, the server shows ${typeOfKey(key)} ${fingerprint(key)}; ` +
      'somebody else may be answering in its place',
    {
      remedy: `If the server really has a new key, forget the old one: ssh-keygen -R ${quote(name)} -f ${quote(expected.file)}`,
    },
  );
}

/** To pin the key of a host whose certificate somebody wants to be checked would be less than was asked for. */
function uncertified(key: Buffer, authority: FiledKey, name: string, policy: HostKeyPolicy): TwinDbError {
  return new TwinDbError(
    `${name} is known by a certificate authority only (${authority.file}, line ${authority.line}), and certificates of hosts are ` +
      `not supported; the server shows ${typeOfKey(key)} ${fingerprint(key)}`,
    { remedy: scanRemedy(key, policy) },
  );
}

/** `missing` says of which host it is, and where it is not. */
function unknown(key: Buffer, missing: string, policy: HostKeyPolicy): TwinDbError {
  return new TwinDbError(
    `The host key of ${missing} and host_key_checking is strict; ` +
      `the server shows ${typeOfKey(key)} ${fingerprint(key)}`,
    { remedy: scanRemedy(key, policy) },
  );
}

function scanRemedy(key: Buffer, { host, port, knownHosts }: HostKeyPolicy): string {
  return (
    `If that is the server's own key, make it known: ` +
    `ssh-keyscan -t ${keygenType(typeOfKey(key))} -p ${port} ${quote(host)} >> ${quote(knownHosts)}`
  );
}

/** How ssh-keyscan calls a type of key. */
function keygenType(type: string): string {
  return type.startsWith('ecdsa-') ? 'ecdsa' : type.replace(/^ssh-/, '');
}

/** The text of a file, none where there is no file, or why it cannot be read. */
function readKnownHosts(file: string): string | Error {
  try {
    // Host names are bytes to OpenSSH; no byte must make a line unreadable.
    return readFileSync(file, 'latin1');
  } catch (error) {
    return hasCode(error, 'ENOENT') ? '' : (error as Error);
  }
}

function unreadable(file: string, cause: Error): TwinDbError {
  return new TwinDbError(`Cannot read the known host keys in ${file}`, {
    cause,
    remedy: 'Set known_hosts in section [ssh] to a file that this user can read.',
  });
}

/**
 * Appends a line in one write, so that two runs at once cannot mix theirs. A failure is an error: a host that is
 * new each time is never checked.
 */
function append(file: string, line: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const fd = openSync(file, 'a+', 0o600);
    try {
      const { size } = fstatSync(fd);
      const last = Buffer.alloc(1, '\n');
      if (size > 0) readSync(fd, last, 0, 1, size - 1);
      const text = last.toString() === '\n' ? line : `\n${line}`;
      const written = writeSync(fd, text);
      if (written !== Buffer.byteLength(text)) throw new Error('the line was written only in part');
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    throw new TwinDbError(`Cannot record the new host key in ${file}`, {
      cause,
      remedy: 'Set known_hosts in section [ssh] to a file that this user can write.',
    });
  }
}
