import type { FileCopy } from '../copies/file-copy.ts';
import { type CopyName, parseCopyName } from '../copies/names.ts';
import { TwinDbError } from '../errors.ts';
import { readSuffixes } from '../modifiers/chain.ts';
import { toSeconds } from '../units.ts';
import type { FoundCopy } from './found-copy.ts';

type NamedCopy = Pick<FileCopy, 'key' | 'host' | 'runType' | 'name' | 'backupStarted' | 'chain'>;

/**
 * What the key of a copy of a directory or of MySQL tells of it, and the first part of its name. Throws a TwinDbError when
 * no backup gives such a name.
 */
export function describeName(
  { object, parsed }: FoundCopy,
  format: CopyName['format'],
): { readonly base: string; readonly named: NamedCopy } {
  const name = parseCopyName(parsed.name);
  if (parsed.runType === undefined || name?.format !== format) {
    throw new TwinDbError('its name is not one that a backup gives, so nothing tells when it was made');
  }
  const named: NamedCopy = {
    key: object.key,
    host: parsed.host,
    runType: parsed.runType,
    name: parsed.name,
    backupStarted: toSeconds(name.started),
    chain: readSuffixes(parsed.name),
  };
  return { base: name.base, named };
}
