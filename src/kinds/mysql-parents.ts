import { TwinDbError } from '../errors.ts';
import type { Attributes } from '../status/entries.ts';
import type { Surroundings } from './examination.ts';

/** Only a status says which full copy an incremental one continues. */
export function findNeedOfParent({ type }: Attributes): TwinDbError | undefined {
  return type === 'incremental'
    ? new TwinDbError(
        'it is incremental, and can be restored only after twindb-backup check --adopt has added it',
      )
    : undefined;
}

/** The Python tool's retention removes full copies whose incremental ones it keeps (contract D4). */
export function findMissingParent(
  { type, parent }: Attributes,
  isThere: Surroundings['isThere'],
): TwinDbError | undefined {
  if (type !== 'incremental') return undefined;
  if (typeof parent !== 'string')
    return new TwinDbError('the status does not name the full copy that it continues');
  return isThere(parent) ? undefined : new TwinDbError(`it continues ${parent}, which is gone`);
}
