import { makeKeyFile, readKeyFile } from './key-file.ts';
import type { Keyring } from './keyring.ts';

/** What a command knows of the keys of this machine. */
export interface Integrity {
  /** Path of the key file, which may not be there. */
  readonly keyFile: string;
  /** `[integrity] require`. */
  readonly require: boolean;
  /** `--accept-unauthenticated`. */
  readonly accept: boolean;
  /** The keys; undefined when there is no key file. Reads it once. Throws a ConfigError when it cannot be used. */
  readonly keys: () => Keyring | undefined;
  /** Makes the key file. Throws a TwinDbError when it cannot be made. */
  readonly makeKey: (now: Date) => Keyring;
  /** Whether this has not been said yet: what is true of a thousand copies is said of the first one. */
  readonly isNews: (reason: string) => boolean;
}

/** Signs nothing, and knows nothing of signatures: for when the keys cannot be used. */
export function withoutKeys(integrity: Integrity): Integrity {
  return { ...integrity, keys: () => undefined };
}

/** Nothing is read yet. */
export function openIntegrity({ keyFile, require }: Pick<Integrity, 'keyFile' | 'require'>): Integrity {
  let known: { readonly keyring: Keyring | undefined } | undefined;
  const said = new Set<string>();
  return {
    keyFile,
    require,
    accept: false,
    keys() {
      known ??= { keyring: readKeyFile(keyFile) };
      return known.keyring;
    },
    makeKey(now) {
      const keyring = makeKeyFile(keyFile, now);
      known = { keyring };
      return keyring;
    },
    isNews(reason) {
      const isNews = !said.has(reason);
      said.add(reason);
      return isNews;
    },
  };
}
