import { COPY_TYPES, SERVER_VENDORS } from '../copies/mysql-copy.ts';
import type { Attributes } from '../status/entries.ts';
import { readNumber, readTimes, UNKNOWN_TIME } from '../status/read-number.ts';
import { readConfig, saveConfig } from './saved-config.ts';

/**
 * The attributes of a MySQL copy in the form that every version of the Python tool reads: one entry it cannot read makes
 * it take the whole status for empty, and its next save would wipe it. Older versions wrote such entries. Times that are not known are those
 * of the name; everything else stays as it is.
 */
export function makeReadable(key: string, attributes: Attributes): Attributes {
  const { server_vendor, ...others } = attributes;
  const times = readTimes(key, attributes);
  const vendor = SERVER_VENDORS.find((each) => each === server_vendor);
  return {
    ...others,
    type: COPY_TYPES.find((each) => each === attributes['type']) ?? guessType(attributes),
    lsn: readNumber(attributes['lsn']) ?? 0,
    backup_started: times?.started ?? UNKNOWN_TIME.time,
    backup_finished: times?.finished ?? UNKNOWN_TIME.time,
    ...(times === undefined ? UNKNOWN_TIME.mark : {}),
    ...saveConfig(readConfig(attributes)),
    ...(vendor === undefined ? {} : { server_vendor: vendor }),
  };
}

function guessType({ parent }: Attributes): string {
  return typeof parent === 'string' ? 'incremental' : 'full';
}
