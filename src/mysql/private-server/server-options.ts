import type { SavedConfig, ServerSetup } from '../../copies/mysql-copy.ts';
import { allowOptions } from '../copy/allowed-options.ts';
import type { Flavour } from '../flavours.ts';
import { optionLines, plainName } from '../server/option-line.ts';
import { statementSettings } from '../server/statement-settings.ts';
import type { ServerFolder } from './server-folder.ts';

/** What the server is started for. */
export type Purpose = 'replay' | 'check';

/** What is known of the server that a copy was made from, and decides how its data are read. */
export interface Origin {
  /** The content of the copy's own backup-my.cnf. */
  readonly backupMyCnf: string;
  readonly setup: ServerSetup | undefined;
  readonly config: readonly SavedConfig[];
}

type Files = Omit<ServerFolder, typeof Symbol.asyncDispose | 'login' | 'clientFile'>;

interface Wanted {
  readonly family: Flavour['family'];
  readonly purpose: Purpose;
  readonly datadir: string;
  readonly files: Files;
  /** Bytes of memory for pages. */
  readonly memory: number;
}

/** The same for all: nobody is let in but us, and nothing happens but what we ask for. */
const CLOSED = ['--skip-networking', '--skip-log-bin', '--event-scheduler=OFF', '--performance-schema=OFF'];

/** A larger statement than this no client sends. */
const LARGE = '--max-allowed-packet=1G';

const OF_FAMILY: Readonly<Record<Flavour['family'], readonly string[]>> = {
  mariadb: [
    '--skip-slave-start',
    '--read-only=OFF',
    '--gtid-strict-mode=OFF',
    // DATA DIRECTORY in a replayed statement leads nowhere else.
    '--skip-symbolic-links',
    // Also where the server of the copy was a node of a cluster.
    '--loose-wsrep-on=OFF',
  ],
  mysql: [
    '--loose-skip-replica-start',
    '--loose-skip-slave-start',
    '--super-read-only=OFF',
    // What SET PERSIST has left in the copy beats the command line.
    '--loose-persisted-globals-load=OFF',
    '--loose-upgrade=NONE',
    // Logs have transactions with GTIDs or without, as gtid_mode was: ON refuses those without, which are not bound to its rules either.
    '--gtid-mode=ON_PERMISSIVE',
    '--enforce-gtid-consistency=OFF',
    '--loose-mysqlx=OFF',
  ],
};

/** The arguments of the server program: all of ours, which count more than its option file. */
export function serverArguments({ family, purpose, datadir, files, memory }: Wanted): string[] {
  return [
    `--defaults-file=${files.optionFile}`,
    `--datadir=${datadir}`,
    `--socket=${files.socket}`,
    `--pid-file=${files.pidFile}`,
    `--log-error=${files.errorLog}`,
    `--init-file=${files.initFile}`,
    `--tmpdir=${files.temporary}`,
    `--secure-file-priv=${files.temporary}`,
    ...CLOSED,
    LARGE,
    ...OF_FAMILY[family],
    // What it writes is of use only when it has ended well.
    '--innodb-flush-log-at-trx-commit=0',
    ...(purpose === 'replay'
      ? ['--local-infile=1', `--innodb-buffer-pool-size=${memory}`]
      : ['--local-infile=0']),
  ];
}

/** The groups of a my.cnf that a single server reads. */
const SERVER_GROUP = /^(mysqld|server|mariadbd?|mariadb)(-\d+\.\d+)?$/;

/** Of one occurrence each; a plugin may be loaded by several. */
const MANY = /^(early-)?plugin-load(-add)?$/;

/**
 * The content of its option file, what decides how the data are read, and what replayed statements mean: by the my.cnf of the server, by what was recorded of it, and, which counts
 * most, by what the backup program wrote into the copy. Nothing else of them is taken over (`allowOptions`). A file, as the key of a plugin
 * must not be among arguments. An option that this server does not know is no error.
 */
export function originOptions({ backupMyCnf, setup, config }: Origin): string {
  const recorded = setup?.settings['lower_case_table_names'];
  const sources = [
    ...config.flatMap((file) => Object.values(file)).map(serverLines),
    ...(recorded === undefined ? [] : [`lower_case_table_names=${recorded}`]),
    backupMyCnf,
  ];
  const single = new Map<string, string>();
  const loads = new Set<string>();
  for (const source of sources) {
    for (const { option } of optionLines(allowOptions(source).content)) {
      if (option === undefined) continue;
      const name = plainName(option)
        .toLowerCase()
        .replace(/^loose-/, '');
      const value = `${option.equals}${option.value ?? ''}`;
      // Each load adds to the others; the last of any other option counts.
      if (MANY.test(name)) loads.add(`${name === 'plugin-load' ? 'plugin-load-add' : name}${value}`);
      else single.set(name, `loose-${name}${value}`);
    }
  }
  return ['[mysqld]', ...statementSettings(setup), ...loads, ...single.values(), ''].join('\n');
}

/** The lines of a server's groups in a saved configuration file. */
function serverLines(base64: string): string {
  const lines: string[] = [];
  for (const { text, group, option } of optionLines(Buffer.from(base64, 'base64').toString('latin1'))) {
    if (option !== undefined && SERVER_GROUP.test(group ?? '')) lines.push(text);
  }
  return lines.join('\n');
}
