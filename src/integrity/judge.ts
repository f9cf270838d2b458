import type { MacState } from './entry-mac.ts';
import type { Keyring } from './keyring.ts';

/** What is known of a copy before it is read. */
export interface CopyFacts {
  /** The host whose copy it is. */
  readonly host: string;
  /** When it was made, as its entry or its name tells; seconds since the epoch, undefined where neither does. */
  readonly made: number | undefined;
  readonly mac: MacState | 'unlisted';
  /** The ID of the key that is said to have signed it; empty where none is. */
  readonly keyId: string;
  /** It lies on the destination unencrypted, although this host encrypts. */
  readonly isBare: boolean;
}

/** By what copies are judged here. */
export interface Trust {
  readonly keyring: Keyring | undefined;
  /** Where the keys are, or would be. */
  readonly keyFile: string;
  /** This host. */
  readonly host: string;
  /** `[integrity] require`: what cannot be proven is refused. */
  readonly require: boolean;
  /** `--accept-unauthenticated`: what could only be made here, and is not signed, is good enough. */
  readonly accept: boolean;
}

/**
 * `authentic`: a key of this machine signed its entry. `unproven`: nothing is known against it, which is said once.
 * `refused`: it must not be used.
 */
export type Verdict =
  | { readonly kind: 'authentic' }
  | { readonly kind: 'unproven'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string; readonly remedy: string };

/** Decides whether a copy may be used. Each reason continues a sentence that begins with the copy. */
export function judge(copy: CopyFacts, trust: Trust): Verdict {
  if (copy.mac === 'valid') return { kind: 'authentic' };
  if (copy.mac === 'wrong') {
    return {
      kind: 'refused',
      reason: `is not as this machine has signed it (key ${copy.keyId}): the copy or its entry in the status was changed`,
      remedy: 'Restore another copy, and find out who can write to the destination.',
    };
  }
  const doubt = doubtOf(copy, trust);
  const isRefused = copy.isBare || isFromHere(copy, trust) || trust.require;
  if (!isRefused || trust.accept) return { kind: 'unproven', reason: doubt };
  return { kind: 'refused', reason: doubt, remedy: remedyOf(copy, trust) };
}

/** Whether this host must have signed it, if it is true: it was made after the host began to sign. */
function isFromHere({ host, made }: CopyFacts, trust: Trust): boolean {
  const { keyring } = trust;
  return keyring !== undefined && host === trust.host && (made === undefined || made >= keyring.since);
}

function doubtOf(copy: CopyFacts, trust: Trust): string {
  const { keyring, keyFile } = trust;
  const bare = copy.isBare ? 'is not encrypted, although [gpg] is configured, and ' : '';
  const whose =
    keyring === undefined ? `there is no key ${keyFile} here` : `${keyFile} does not have that key`;
  if (copy.mac === 'unknown') return `${bare}is signed with the key ${copy.keyId}, and ${whose}`;
  const what = copy.mac === 'unlisted' ? 'has no entry in a status that is signed' : 'is not signed';
  if (isFromHere(copy, trust)) return `${bare}${what}, although it is newer than the key ${keyFile}`;
  if (keyring === undefined) return `${bare}${what}`;
  return `${bare}${what}: it is ${copy.host === trust.host ? `older than the key ${keyFile}` : 'of another host'}`;
}

function remedyOf({ mac }: CopyFacts, { keyFile }: Trust): string {
  const isOldKey =
    mac === 'unknown'
      ? `If this machine was installed anew, add the line of the old key to ${keyFile}. `
      : '';
  return `${isOldKey}If you trust the copy, give --accept-unauthenticated.`;
}
