import type { DestinationConfig } from '../config/config.ts';
import type { Log } from '../log.ts';
import type { Destination } from './destination.ts';
import { openLocal } from './local.ts';
import { openS3 } from './s3.ts';
import { openSsh } from './ssh.ts';

type Kind = DestinationConfig['kind'];
type Opener<K extends Kind> = (config: Extract<DestinationConfig, { kind: K }>, log: Log) => Destination;

/** Every kind of destination, one row each. */
const OPENERS = {
  local: openLocal,
  ssh: openSsh,
  s3: openS3,
} satisfies { [K in Kind]: Opener<K> };

/** Opens the configured destination; it connects on first use. */
export function openDestination(config: DestinationConfig, log: Log): Destination {
  return (OPENERS[config.kind] as Opener<Kind>)(config, log);
}
