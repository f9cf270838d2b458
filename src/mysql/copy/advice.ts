import { resolve } from 'node:path';
import type { SavedConfig } from '../../copies/mysql-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import type { Flavour } from '../flavours.ts';
import { hasBlanked } from '../server/blank-secrets.ts';

/** What is known of a data directory that has been restored. */
export interface RestoredData {
  readonly dst: string;
  readonly flavour: Pick<Flavour, 'name' | 'binlogPrograms' | 'family' | 'service' | 'title'>;
  readonly config: readonly SavedConfig[];
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

/** The operator's next steps, a line each (contract: restore mysql). */
export function adviseNextSteps(data: RestoredData): string[] {
  const { dst, flavour, innodbLogFileSize } = data;
  const datadir = findDatadir(data.config);
  const [from, to] = [quote(dst), quote(datadir)];
  const size =
    NEEDS_LOG_FILE_SIZE.includes(flavour.name) && innodbLogFileSize !== undefined
      ? [`  # in my.cnf, section [mysqld]: innodb_log_file_size=${innodbLogFileSize}`]
      : [];
  return [
    `The data of ${flavour.title} lie in ${quoteLocation(dst)}. To use them:`,
    `  systemctl stop ${flavour.service}`,
    `  mv ${to} ${quote(`${datadir}.old`)} && mkdir ${to}`,
    `  cp -a ${from}/. ${to}/ && rm -f ${to}/${SAVED_CONFIG_PREFIX}@*`,
    `  chown -R mysql:mysql ${to}`,
    ...size,
    `  systemctl start ${flavour.service}`,
    ...(data.galera ? adviseGalera(data) : []),
    ...(data.config.length > 0
      ? [
          `The server's configuration files as they were are ${from}/${SAVED_CONFIG_PREFIX}@*, with @ for each slash.`,
        ]
      : []),
    ...(hasBlanked(data.config)
      ? ['Passwords in them are left out, as the status of an encrypted copy is not encrypted: fill them in.']
      : []),
  ];
}

function adviseGalera({ flavour }: RestoredData): string[] {
  const bootstrap =
    flavour.family === 'mariadb' ? 'galera_new_cluster' : `systemctl start ${flavour.service}@bootstrap`;
  return [
    `When no other node of the cluster runs: set safe_to_bootstrap to 1 in grastate.dat, and run ${bootstrap} instead of the last command.`,
  ];
}

const DEFAULT_DATADIR = '/var/lib/mysql';

/** Where the server had its data, by the last of its configuration files that says so. */
export function findDatadir(config: readonly SavedConfig[]): string {
  const texts = config
    .flatMap((file) => Object.values(file))
    .map((base64) => Buffer.from(base64, 'base64').toString());
  const values = texts.flatMap((text) => [...text.matchAll(/^[ \t]*datadir[ \t]*=[ \t]*["']?([^"'\n#]*)/gm)]);
  const datadir = values
    .at(-1)?.[1]
    ?.trim()
    .replace(/(.)\/+$/, '$1');
  return datadir?.startsWith('/') && resolve(datadir) !== '/' ? datadir : DEFAULT_DATADIR;
}

/** As a shell takes it for one word, a program for no option, and as one line. */
export function quote(text: string): string {
  const word = text.startsWith('-') ? `./${text}` : text;
  const line = quoteLocation(word);
  if (line !== word) return line;
  return /^[\w/.:@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
