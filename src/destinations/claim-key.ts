import { ConflictError } from '../errors.ts';
import { checkKey } from './check-key.ts';
import type { Claim } from './destination.ts';

/** Keys that are tried: a server that calls each of them taken must not keep a run for ever. */
const MOST_KEYS = 100;

/** The error for a write that found `place` taken, or changed, as messages name it. */
export function conflictError(place: string, cause?: unknown): ConflictError {
  return new ConflictError(`Cannot write ${place}: another run has written it meanwhile`, {
    cause,
    isExplained: true,
    remedy: 'Nothing was replaced. Let the runs of one host share a lock: see --lock-file.',
  });
}

/**
 * Tries `key`, then those that the claim names, until `take` says that one was free and is ours now. Returns that key; throws the ConflictError
 * of the last one when all are taken, and a StorageError for what can be no key.
 */
export async function takeFreeKey(
  key: string,
  claim: Claim,
  take: (key: string) => Promise<boolean>,
  locate: (key: string) => string,
): Promise<string> {
  let current = key;
  for (let tries = 1; !(await take(current)); tries++) {
    const next = tries < MOST_KEYS ? claim.next() : undefined;
    if (next === undefined) throw conflictError(locate(current));
    checkKey(next);
    current = next;
  }
  return current;
}
