import type { Attributes } from '../status/entries.ts';
import { readNumber } from '../status/read-number.ts';

/** What a status tells of a copy and a person wants to see; null where it does not. The names are those of `ls --json`. */
export interface KnownOfCopy {
  /** Of a MySQL copy. */
  readonly backup_type: string | null;
  readonly parent: string | null;
  readonly lsn: number | null;
  /** Seconds. */
  readonly duration: number | null;
  /** Of the machine that made it. */
  readonly machine_id: string | null;
}

/** Reads it from the attributes of an entry; absent: there is none. */
export function knownOf(attributes: Attributes = {}): KnownOfCopy {
  const { type, parent, lsn, backup_started, backup_finished, machine_id } = attributes;
  const [started, finished] = [readNumber(backup_started), readNumber(backup_finished)];
  return {
    backup_type: text(type),
    parent: text(parent),
    lsn: readNumber(lsn) ?? null,
    duration: started === undefined || finished === undefined ? null : finished - started,
    machine_id: text(machine_id),
  };
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
