import type { SavedConfig, ServerSetup } from '../../copies/mysql-copy.ts';
import type { Flavour } from '../flavours.ts';
import { quote } from './quote.ts';

/** What is known of a data directory that has been restored. */
export interface RestoredData {
  readonly dst: string;
  readonly flavour: Pick<Flavour, 'name' | 'binlogPrograms' | 'family' | 'service' | 'title' | 'replication'>;
  readonly config: readonly SavedConfig[];
  /** Undefined for copies of the Python tool and of older versions. */
  readonly setup: ServerSetup | undefined;
  /** Names of the files and folders in `dst`. */
  readonly names: readonly string[];
  /** As the copy's own backup-my.cnf has it. */
  readonly innodbLogFileSize: string | undefined;
  readonly galera: boolean;
  readonly binlog: string | undefined;
  readonly position: number | undefined;
  readonly gtid: string | undefined;
}

/** The names of saved configuration files in a restored data directory begin so; their paths follow, with `@` for each slash. */
export const SAVED_CONFIG_PREFIX = '.twindb-config';

/** The unit that runs the server. */
export function serviceOf({ setup, flavour }: Pick<RestoredData, 'setup' | 'flavour'>): string {
  return setup?.unit ?? flavour.service;
}

/** The same, in words for a shell. */
export function unitOf(data: Pick<RestoredData, 'setup' | 'flavour'>): string {
  return quote(serviceOf(data));
}
