import type { OptionRows, SectionOptions } from '../config/option.ts';
import type { Log } from '../log.ts';
import type { Destination } from './destination.ts';
import * as local from './local/config.ts';
import * as s3 from './s3/config.ts';
import * as ssh from './ssh/config.ts';

/** What a driver's `config.ts` exports. It is loaded by every command: values only, and nothing of the driver. */
interface DriverConfig<C, R extends OptionRows> {
  /** The options of the section that is called like the driver. */
  readonly options: R;
  /** Throws a ConfigError for what cannot be. */
  readonly read: (section: SectionOptions<R>) => C;
  /** What the sample configuration says in that section. */
  readonly sample: string;
  /** Where the copies are kept in a folder of this machine: the option that names it, and the folder. Absent: they are elsewhere. */
  readonly folder?: { readonly option: keyof R & string; readonly of: (config: C) => string };
}

/** A row of the table. `open` loads the driver: the AWS SDK and ssh2 would double the time that the command takes to start. */
function driver<C, R extends OptionRows>(
  { options, read, sample, folder }: DriverConfig<C, R>,
  open: (config: C, log: Log) => Promise<Destination>,
) {
  return { options, read, sample, folder, open };
}

/**
 * Every kind of destination, one row each, in the order in which messages and pages name them. Schema, messages, documentation, the sample
 * configuration and the tests of the contract derive from it.
 */
export const DRIVERS = {
  ssh: driver(ssh, async (config, log) => (await import('./ssh/driver.ts')).openSsh(config, log)),
  s3: driver(s3, async (config, log) => (await import('./s3/driver.ts')).openS3(config, log)),
  local: driver(local, async (config, log) => (await import('./local/driver.ts')).openLocal(config, log)),
};

/** What `backup_destination` may be. */
export type DestinationKind = keyof typeof DRIVERS;

/** The configuration of one destination, whichever it is. */
export type DestinationConfig = ReturnType<(typeof DRIVERS)[DestinationKind]['read']>;

export const DESTINATION_KINDS = Object.keys(DRIVERS) as DestinationKind[];

/** Opens the configured destination; it connects on first use. */
export async function openDestination(config: DestinationConfig, log: Log): Promise<Destination> {
  const { open } = DRIVERS[config.kind];
  return await (open as (config: DestinationConfig, log: Log) => Promise<Destination>)(config, log);
}

/** A folder of this machine, and the option that names it, such as `[local] backup_dir`. */
interface FolderHere {
  readonly option: string;
  readonly path: string;
}

/** The folder of this machine that a destination keeps the copies in; undefined where they are elsewhere. */
export function folderHere(config: DestinationConfig): FolderHere | undefined {
  const { folder } = DRIVERS[config.kind];
  if (folder === undefined) return undefined;
  const path = (folder.of as (config: DestinationConfig) => string)(config);
  return { option: `[${config.kind}] ${folder.option}`, path };
}
