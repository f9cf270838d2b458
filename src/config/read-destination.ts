import {
  DESTINATION_KINDS,
  type DestinationConfig,
  type DestinationKind,
  DRIVERS,
} from '../destinations/drivers.ts';
import { listWords } from './kinds.ts';
import type { OptionRows, SectionOptions } from './option.ts';
import type { Options } from './options.ts';

type Reader = (section: SectionOptions<OptionRows>) => DestinationConfig;

function isSupported(kind: string): kind is DestinationKind {
  return Object.hasOwn(DRIVERS, kind);
}

/** The destination that `backup_destination` selects; the sections of the others are not looked at. */
export function readDestination(options: Options): DestinationConfig {
  const kinds = listWords(DESTINATION_KINDS);
  const kind = options.need(
    'destination',
    'backup_destination',
    `Write backup_destination=${kinds} into the section [destination].`,
  );
  // The section has the rows of this driver; TypeScript can't follow that through the table.
  if (isSupported(kind)) return (DRIVERS[kind].read as Reader)(options.of(kind));
  throw options.refuse('destination', 'backup_destination', `${kind} is not supported yet`, `Use ${kinds}.`);
}
