import type { ParsedKey } from '../copies/key.ts';
import type { Role } from '../kinds/found-copy.ts';

/** What the documents that are printed call the two places: `remote` was the word before there was another one. */
export const PLACES: Readonly<Record<Role, string>> = { destination: 'remote', local: 'local' };

/** What all documents have of a copy, in this order; see docs/usage.md. */
export function copyAsJson({
  place,
  location,
  key,
  parsed,
}: {
  readonly place: Role;
  readonly location: string;
  readonly key: string;
  readonly parsed: ParsedKey;
}): object {
  return {
    place: PLACES[place],
    location,
    key,
    host: parsed.host,
    type: parsed.media,
    run_type: parsed.runType ?? null,
    name: parsed.name,
  };
}
