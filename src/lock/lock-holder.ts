import { readdirSync, readFileSync, rmdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode } from '../errors.ts';
import { type OwnerState, ownerState } from './owner.ts';

/** What the holder of a lock does. */
export interface Holding {
  /** Such as "the daily backup". */
  readonly what: string;
  /** How long that should take at most, in seconds; undefined: nobody can say. */
  readonly limitSeconds?: number;
}

/** Who holds a lock. The folder of the lock has one file, whose name names the owner and whose content says more. */
export interface LockHolder {
  /** A `newPartialName`. */
  readonly name: string;
  readonly state: OwnerState;
  /** Undefined when the file could not be read. */
  readonly holding: Holding | undefined;
  /** When it acquired the lock, in milliseconds since the epoch. */
  readonly since: number | undefined;
}

/** Puts the file of a new holder into the folder of its lock. Throws the system's errors. */
export function writeHolder(lock: string, name: string, holding: Holding, now: number): void {
  const path = join(lock, name);
  // The name is what counts, and costs no space: a full /run must not keep a backup from running.
  writeFileSync(path, '', { flag: 'wx' });
  try {
    writeFileSync(path, JSON.stringify({ ...holding, since: now }));
  } catch (error) {
    if (!hasCode(error, 'ENOSPC')) throw error;
  }
}

/** Who holds a lock; undefined when it names nobody, as that of an older version or of a run that died at once. */
export function readHolder(lock: string): LockHolder | undefined {
  const [name] = namesIn(lock);
  if (name === undefined) return undefined;
  const { what, limitSeconds, since } = readContent(join(lock, name));
  return {
    name,
    state: ownerState(name),
    holding:
      typeof what === 'string'
        ? { what, ...(typeof limitSeconds === 'number' && { limitSeconds }) }
        : undefined,
    since: typeof since === 'number' ? since : undefined,
  };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readContent(path: string): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof content === 'object' && content !== null ? { ...content } : {};
  } catch {
    return {};
  }
}

/** Whether the lock is still that of this holder. */
export function isHeldBy(lock: string, name: string): boolean {
  return statSync(join(lock, name), { throwIfNoEntry: false }) !== undefined;
}

/**
 * Removes a lock with its holder's file. Of several processes that want to remove a dead holder's lock one does: the name of
 * the file is no other holder's, so nobody removes the lock that the fastest of them has acquired meanwhile. Throws the
 * system's errors: ENOENT for a holder that is not there any more.
 */
export function removeLock(lock: string, name: string): void {
  unlinkSync(join(lock, name));
  rmdirSync(lock);
}
