import { ConfigError } from '../errors.ts';

/** One line of a key file. */
export interface IntegrityKey {
  /** Names the key in what it signs. */
  readonly id: string;
  readonly secret: Buffer;
}

/** The keys of this machine, the one that signs first. */
export interface Keyring {
  /** Path of the file they are from. */
  readonly file: string;
  readonly keys: readonly [IntegrityKey, ...IntegrityKey[]];
  /** When signing began here: the time in the ID of the oldest key, in seconds since the epoch; 0 where an ID tells no time. */
  readonly since: number;
  /** What is wrong with the file, though it can be used. */
  readonly problem: string | undefined;
}

/** An ID may be any word that can stand in a `mac`; ours tells when its key was made, as `20261126T031500Z-5f0c92ab`. */
const LINE = /^([\w.-]{1,64})\s+([0-9a-f]{64})$/i;
const DATED_ID = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-/;

/**
 * The keys of a file: a line `ID KEY` each, the key in 64 hex digits; `#` begins a comment. Throws a ConfigError that names the
 * line.
 */
export function parseKeys(text: string, file: string): Pick<Keyring, 'keys' | 'since'> {
  const keys: IntegrityKey[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const content = line.replace(/#.*/, '').trim();
    if (content === '') continue;
    const [, id, hex] = LINE.exec(content) ?? [];
    if (id === undefined || hex === undefined || keys.some((key) => key.id === id)) {
      const problem = id === undefined ? 'is not an ID and a key of 64 hex digits' : `repeats the ID ${id}`;
      throw new ConfigError(`${file}: line ${index + 1} ${problem}`, {
        remedy: 'Put it back from where you keep it, or remove the line.',
      });
    }
    keys.push({ id, secret: Buffer.from(hex, 'hex') });
  }
  const [first, ...others] = keys;
  if (first === undefined) {
    throw new ConfigError(`${file}: there is no key in this file`, {
      remedy: 'Put it back from where you keep it; or remove it, and the next backup makes a new key.',
    });
  }
  return { keys: [first, ...others], since: Math.min(...keys.map(({ id }) => timeOf(id) ?? 0)) };
}

/** A line of a key file for a key that is made now. */
export function formatKey(
  now: Date,
  { suffix, secret }: { readonly suffix: string; readonly secret: Buffer },
): string {
  const time = now.toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '');
  return `${time}-${suffix} ${secret.toString('hex')}\n`;
}

function timeOf(id: string): number | undefined {
  const [, year, month, day, hours, minutes, seconds] = DATED_ID.exec(id) ?? [];
  const time = Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`);
  return Number.isNaN(time) ? undefined : time / 1000;
}
