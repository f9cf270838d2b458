import type { MacState } from './entry-mac.ts';
import type { Keyring } from './keyring.ts';

/** What is known of a copy before it is read. */
export interface CopyFacts {
  /** The host whose copy it is. */
  readonly host: string;
  /** When it was made, as far as that can be told; seconds since the epoch, undefined where it cannot. */
  readonly made: number | undefined;
  /** `unlisted`: the status has no entry; `unreadable`: it could not be read, `problem` says why. */
  readonly mac: MacState | 'unlisted' | 'unreadable';
  readonly problem: string;
  /** The ID of the key that is said to have signed it; undefined where none is. */
  readonly keyId: string | undefined;
  /** The entry has a checksum, so that what is signed speaks for the object too. */
  readonly hasChecksum: boolean;
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
 * `refused`: it must not be used; `isChanged`: as something is known against it.
 */
export type Verdict =
  | { readonly kind: 'authentic' }
  | { readonly kind: 'unproven'; readonly isSigned: boolean; readonly reason: string }
  | {
      readonly kind: 'refused';
      readonly isChanged: boolean;
      readonly reason: string;
      readonly remedy: string;
    };

/** Decides whether a copy may be used. Each reason continues a sentence that begins with the copy. */
export function judge(copy: CopyFacts, trust: Trust): Verdict {
  if (copy.mac === 'wrong') {
    return {
      kind: 'refused',
      isChanged: true,
      reason: `is not as this machine has signed it (key ${copy.keyId}): the copy or its entry in the status was changed`,
      remedy: 'Restore another copy, and find out who can write to the destination.',
    };
  }
  const isSigned = copy.mac === 'valid';
  if (isSigned && copy.hasChecksum) return { kind: 'authentic' };
  const reason = doubtOf(copy, trust);
  // What was signed without a checksum is no worse than before there was a key.
  const isRefused = copy.isBare || trust.require || (!isSigned && isFromHere(copy, trust));
  if (!isRefused || trust.accept) return { kind: 'unproven', isSigned, reason };
  return { kind: 'refused', isChanged: false, reason, remedy: remedyOf(copy, trust) };
}

/** Whether this host must have signed it, if it is true: it was made after the host began to sign. */
function isFromHere({ host, made }: CopyFacts, trust: Trust): boolean {
  const { keyring } = trust;
  return keyring !== undefined && host === trust.host && (made === undefined || made >= keyring.since);
}

function doubtOf(copy: CopyFacts, trust: Trust): string {
  const { keyring, keyFile } = trust;
  const bare = copy.isBare ? 'is not encrypted, although [gpg] is configured, and ' : '';
  const isOurs = copy.host === trust.host;
  switch (copy.mac) {
    case 'valid':
    case 'wrong':
      return `${bare}has a signed entry without a checksum, as the Python tool made it`;
    case 'unknown':
      return `${bare}is signed with the key ${copy.keyId}, and ${keyring ? `${keyFile} does not have that key` : `there is no key ${keyFile} here`}`;
    case 'unreadable':
      return `${bare}cannot be compared with its status (${copy.problem})`;
    case 'unlisted':
    case 'absent': {
      const what = copy.mac === 'unlisted' ? 'has no entry in the status' : 'is not signed';
      if (isFromHere(copy, trust)) return `${bare}${what}, although it is newer than the key ${keyFile}`;
      if (keyring === undefined) return `${bare}${what}, and there is no key ${keyFile} here`;
      return `${bare}${what}: it is ${isOurs ? `older than the key ${keyFile}` : 'of another host'}`;
    }
  }
}

function remedyOf({ mac, host }: CopyFacts, trust: Trust): string {
  const accept = 'If you trust the copy, give --accept-unauthenticated.';
  if (mac === 'unreadable') return `Try again when the status can be read. ${accept}`;
  if (mac !== 'unknown') return accept;
  const whose =
    host === trust.host
      ? 'If this machine was installed anew, or has another configuration with a key of its own,'
      : `If it is of ${host},`;
  return `${whose} add the line of that key to ${trust.keyFile}. ${accept}`;
}
