import { dirname } from 'node:path';
import type { SavedConfig, ServerSetup } from '../../copies/mysql-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import type { Flavour } from '../flavours.ts';
import { hasBlanked } from '../server/blank-secrets.ts';
import { adviseOutside, type StepsHost, unusedName } from './advise-outside.ts';
import { quote } from './quote.ts';
import { isOutside, layoutOf } from './server-layout.ts';

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

/** These keep the size of their redo log in files of their own, and the server must be told it. */
const NEEDS_LOG_FILE_SIZE = ['mysql-5.7', 'mysql-8.0'];

/** The operator's next steps on this host, a line each (contract: restore mysql). */
export function adviseNextSteps(data: RestoredData, host: StepsHost): string[] {
  const { dst, flavour, innodbLogFileSize, setup, config } = data;
  const layout = layoutOf(setup, config);
  // Of a data directory that is a link, the folder itself is moved: a new one in the place of the link may be on a smaller disk.
  const datadir = host.realPath(layout.datadir);
  const isInPlace = host.realPath(dst) === datadir;
  const to = quote(datadir);
  const old = isInPlace ? undefined : setAside(datadir, host);
  // The restored data move along where they are below the old ones.
  const from =
    old?.name === undefined || isOutside(dst, datadir) ? dst : `${old.name}${dst.slice(datadir.length)}`;
  const size =
    NEEDS_LOG_FILE_SIZE.includes(flavour.name) && innodbLogFileSize !== undefined
      ? [`  # in my.cnf, section [mysqld]: innodb_log_file_size=${innodbLogFileSize}`]
      : [];
  const saved = `${quote(isInPlace ? datadir : from)}/${SAVED_CONFIG_PREFIX}@*`;
  return [
    isInPlace
      ? `The data of ${flavour.title} are in ${quoteLocation(dst)}, the data directory of their server. To use them:`
      : `The data of ${flavour.title} are in ${quoteLocation(dst)}. To use them:`,
    `  systemctl stop ${unitOf(data)}${whichServer(data, datadir)}`,
    ...(old === undefined
      ? []
      : // One command: nothing is copied over old data that could not be moved away.
        [`${old.command} && cp -a ${quote(from)}/. ${to}/ && rm -f ${to}/${SAVED_CONFIG_PREFIX}@*`]),
    `  chown -R mysql:mysql ${to}`,
    ...adviseOutside(data.names, layout, host),
    ...size,
    `  systemctl start ${unitOf(data)}`,
    ...(data.galera ? adviseGalera(data) : []),
    ...(config.length > 0
      ? [
          `The server's configuration files as they were are ${saved}, with @ for each slash.${isInPlace ? ' Move them elsewhere when you have read them.' : ''}`,
        ]
      : []),
    ...(hasBlanked(config)
      ? ['Passwords in them are left out, as the status of an encrypted copy is not encrypted: fill them in.']
      : []),
  ];
}

/** Where the logs of the old server are when the steps have been taken; undefined when that is where they were. */
export function oldLogsFolder(
  { dst, setup, config }: Pick<RestoredData, 'dst' | 'setup' | 'config'>,
  host: StepsHost,
): string | undefined {
  const { datadir, outsideLogs } = layoutOf(setup, config);
  const folder = outsideLogs === undefined ? host.realPath(datadir) : dirname(outsideLogs);
  const isMoved = outsideLogs !== undefined || host.realPath(dst) !== folder;
  return setup?.settings['log_bin_basename'] && isMoved && host.exists(folder)
    ? unusedName(folder, host)
    : undefined;
}

/** The unit that runs the server, in words for a shell. */
export function unitOf({ setup, flavour }: Pick<RestoredData, 'setup' | 'flavour'>): string {
  return quote(setup?.unit ?? flavour.service);
}

/** Where no unit was found, there may be several servers, or something else that starts this one. */
function whichServer({ setup }: RestoredData, datadir: string): string {
  return setup === undefined || setup.unit !== undefined
    ? ''
    : `   # or whatever else runs the server whose data are in ${quoteLocation(datadir)}`;
}

/** Moves the old data directory out of the way, to a name that is not taken; a mount point cannot be renamed, only what is in it moved. */
function setAside(datadir: string, host: StepsHost): { readonly name?: string; readonly command: string } {
  const from = quote(datadir);
  if (!host.exists(datadir)) return { command: `  mkdir -p ${from}` };
  const name = unusedName(datadir, host);
  const command = host.isMountPoint(datadir)
    ? `  mkdir ${quote(name)} && find ${from} -mindepth 1 -maxdepth 1 -exec mv -t ${quote(name)} {} +`
    : `  mv ${from} ${quote(name)} && mkdir ${from}`;
  return { name, command };
}

function adviseGalera({ flavour }: RestoredData): string[] {
  const bootstrap =
    flavour.family === 'mariadb' ? 'galera_new_cluster' : `systemctl start ${flavour.service}@bootstrap`;
  return [
    `When no other node of the cluster runs: set safe_to_bootstrap to 1 in grastate.dat, and run ${bootstrap} instead of the last command.`,
  ];
}
