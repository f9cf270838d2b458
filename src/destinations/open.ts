import type { DestinationConfig } from '../config/config.ts';
import type { Log } from '../log.ts';
import type { Destination } from './destination.ts';

type Kind = DestinationConfig['kind'];
type Opener<K extends Kind> = (
  config: Extract<DestinationConfig, { kind: K }>,
  log: Log,
) => Promise<Destination>;

/**
 * Every kind of destination, one row each. A driver is loaded only when it is configured: the AWS SDK and ssh2 would
 * double the time that the command takes to start.
 */
const OPENERS = {
  local: async (config, log) => (await import('./local/driver.ts')).openLocal(config, log),
  ssh: async (config, log) => (await import('./ssh/driver.ts')).openSsh(config, log),
  s3: async (config, log) => (await import('./s3/driver.ts')).openS3(config, log),
} satisfies { [K in Kind]: Opener<K> };

/** Opens the configured destination; it connects on first use. */
export async function openDestination(config: DestinationConfig, log: Log): Promise<Destination> {
  return await (OPENERS[config.kind] as Opener<Kind>)(config, log);
}
