import { inspect } from 'node:util';

/** A value that must never be printed: it shows as `[secret]` wherever it is formatted, logged or serialised. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself, for the one call that needs it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}

/** Every secret in a tree of values, such as the configuration. */
export function findSecrets(value: unknown): string[] {
  if (value instanceof Secret) return [value.reveal()];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(findSecrets) : [];
}

/** Shorter ones would blot out parts of ordinary words. */
const MIN_SECRET_LENGTH = 6;

/** Replaces secrets in a message: a server may repeat what it was sent. */
export function hider(secrets: readonly string[]): (message: string) => string {
  // The longest first: of one that begins with another the end would stay.
  const long = secrets
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    .toSorted((a, b) => b.length - a.length);
  return (message) => long.reduce((text, secret) => text.replaceAll(secret, '[secret]'), message);
}
