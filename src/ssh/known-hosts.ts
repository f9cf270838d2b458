import { createHash, createHmac } from 'node:crypto';

/**
 * The known_hosts file of OpenSSH, read the way ssh(1) reads it. Format: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT".
 */

/** One line's key for a host. */
export interface KnownKey {
  /** Counted from 1. */
  readonly line: number;
  /**
   * `revoked`: never to be accepted from this host. `cert-authority`: signs the certificates of such hosts, which this client does
   * not speak.
   */
  readonly marker: 'revoked' | 'cert-authority' | undefined;
  /** Such as `ssh-ed25519`. */
  readonly type: string;
  /** The key in SSH's wire format. */
  readonly key: Buffer;
}

/** Port that known_hosts does not write. */
const SSH_PORT = 22;

/** How known_hosts names a server: `host`, or `[host]:port` beside the standard port. ssh(1) lower-cases hosts. */
export function knownHostsName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === SSH_PORT ? name : `[${name}]:${port}`;
}

/** What `ssh-keygen -l` shows of a key in wire format: `SHA256:` and base64 without padding. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type that a key in wire format begins with. Source: RFC 4253, section 6.6. */
export function typeOfKey(key: Buffer): string {
  if (key.length < 4) return '';
  return key.toString('latin1', 4, 4 + key.readUInt32BE(0));
}

/** All keys that the text of a known_hosts file holds for `name` (see `knownHostsName`). Lines it cannot read are skipped. */
export function findKnownKeys(text: string, name: string): KnownKey[] {
  return text.split('\n').flatMap((line, index) => {
    const known = readLine(line, name);
    return known === undefined ? [] : [{ line: index + 1, ...known }];
  });
}

/** The line that makes a key known, with its newline. */
export function knownHostsLine(name: string, key: Buffer): string {
  return `${name} ${typeOfKey(key)} ${key.toString('base64')}\n`;
}

function readLine(line: string, name: string): Omit<KnownKey, 'line'> | undefined {
  const fields = line.trim().split(/[ \t]+/);
  const marker = fields[0]?.startsWith('@') ? fields.shift()?.slice(1) : undefined;
  const [patterns, type, base64] = fields;
  if (!patterns || !type || !base64 || patterns.startsWith('#')) return undefined;
  if (marker !== undefined && marker !== 'revoked' && marker !== 'cert-authority') return undefined;
  const key = Buffer.from(base64, 'base64');
  // A line that was cut or mangled holds no key of the type it names.
  if (typeOfKey(key) !== type || !matchesPatterns(patterns, name)) return undefined;
  return { marker, type, key };
}

/** Whether a line's first field means this host: any pattern that matches, unless a negated one does too. */
function matchesPatterns(field: string, name: string): boolean {
  if (field.startsWith('|')) return matchesHash(field, name);
  const patterns = field.split(',');
  const matches = (negated: boolean): boolean =>
    patterns
      .filter((pattern) => pattern.startsWith('!') === negated)
      .some((pattern) => matchesPattern(negated ? pattern.slice(1) : pattern, name));
  return matches(false) && !matches(true);
}

/** `*` stands for any characters, `?` for one. */
function matchesPattern(pattern: string, name: string): boolean {
  const source = pattern
    .toLowerCase()
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`).test(name);
}

/** `|1|SALT|HASH`: HMAC-SHA1 of the name, keyed with the salt, both in base64. */
function matchesHash(field: string, name: string): boolean {
  const [, version, salt, hash] = field.split('|');
  if (version !== '1' || !salt || !hash) return false;
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}
