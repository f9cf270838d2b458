import { COPY_TYPES, SERVER_VENDORS } from '../copies/mysql-copy.ts';
import type { Attributes } from './entries.ts';
import { readConfig, saveConfig } from './saved-config.ts';

/** Integers without which the Python tool reads nothing (contract: status files). */
const NUMBERS = ['lsn', 'backup_started', 'backup_finished'] as const;

/**
 * The attributes of a MySQL copy in the form that every version of the Python tool reads: one entry it cannot read makes
 * it take the whole status for empty, and its next save would wipe it. Older versions wrote such entries. What is not
 * known becomes 0 or an empty list; everything else stays as it is.
 */
export function makeReadable(attributes: Attributes): Attributes {
  const { server_vendor, ...others } = attributes;
  const vendor = SERVER_VENDORS.find((each) => each === server_vendor);
  return {
    ...others,
    type: COPY_TYPES.find((each) => each === attributes['type']) ?? guessType(attributes),
    ...Object.fromEntries(NUMBERS.map((name) => [name, toInteger(attributes[name])])),
    ...saveConfig(readConfig(attributes)),
    ...(vendor === undefined ? {} : { server_vendor: vendor }),
  };
}

function guessType({ parent }: Attributes): string {
  return typeof parent === 'string' ? 'incremental' : 'full';
}

function toInteger(value: unknown): number {
  const whole = typeof value === 'number' ? Math.trunc(value) : 0;
  return Number.isSafeInteger(whole) ? whole : 0;
}
