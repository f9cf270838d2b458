/** gpg comes last, and keep_local_path gets the stream before it (contract: where things lie on a destination). */
export const ENCRYPTED = '.gpg';

/** The key that a copy has below keep_local_path: the remote one without the suffix of gpg. */
export function keepLocalKey(key: string): string {
  return key.endsWith(ENCRYPTED) ? key.slice(0, -ENCRYPTED.length) : key;
}
