import type { ParsedKey } from '../copies/key.ts';
import type { Destination, ObjectInfo } from '../destinations/destination.ts';

/** Which of the two places: the destination, which may be a folder of this machine, or keep_local_path. */
export type Role = 'destination' | 'local';

/** A copy in one of the places: the object there that holds it. The other place may have the same copy. */
export interface FoundCopy {
  readonly place: Role;
  readonly destination: Destination;
  readonly object: ObjectInfo;
  readonly parsed: ParsedKey;
  /** The full path or URL that `ls` prints. */
  readonly location: string;
}
