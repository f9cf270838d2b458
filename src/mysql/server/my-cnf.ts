import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { SavedConfig } from '../../copies/mysql-copy.ts';
import { describeError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { type OptionFile, type ReadFile, readOptionFile } from './option-file.ts';
import type { MysqlServer } from './server.ts';
import { findServerProcess } from './server-process.ts';

/**
 * Where servers look for options, in this order. Source: `mysqld --verbose --help` of Debian's, Percona's and Oracle's
 * builds. The server's ~/.my.cnf is left out: it belongs to its clients.
 */
const STANDARD_FILES = ['/etc/my.cnf', '/etc/mysql/my.cnf', '/usr/etc/my.cnf'];

type Server = Pick<MysqlServer, 'query' | 'variable' | 'vendor'>;

/**
 * The groups that servers read, with a version or a suffix behind: mysqld, mysqld-8.0, mysqld_2, mariadb-10.11. Programs that
 * have such a name in theirs, such as mysqldump and mariadb-dump, are none.
 */
const SERVER_GROUP = /^(mysqld|mariadbd?|server|client-server|galera)($|-\d|[^a-z-])/i;

/**
 * The server's configuration files with all they include, in the order in which it reads them: those it was started
 * with, else the standard ones; then any other that the server itself says a setting came from. A file that cannot be
 * read is a warning, as the data are worth more.
 */
export async function collectConfigs(server: Server, log: Log): Promise<SavedConfig[]> {
  const found = new Map<string, ReadFile>();
  const collect = (path: string, choose: (file: OptionFile) => readonly ReadFile[]) => {
    try {
      for (const file of choose(readOptionFile(path))) found.set(file.path, found.get(file.path) ?? file);
    } catch (error) {
      log.warn(`The copy lacks a configuration file of the server: ${describeError(error)}`);
    }
  };
  const { standard, named } = await findRoots(server);
  for (const path of standard) collect(path, ({ files }) => files);
  for (const path of named) collect(path, ofServer);
  for (const path of await askForFiles(server, log))
    if (!found.has(path) && existsSync(path)) collect(path, ofServer);
  return [...found.values()].map((file) => ({ [file.path]: file.bytes.toString('base64') }));
}

/**
 * Those that have options of a server, or none. We read as root what a server, or a file of its own, names: it must not bring
 * about that we hand on credentials of others, which are kept in files of the same form.
 */
function ofServer({ files, options }: OptionFile): ReadFile[] {
  return files.filter(({ path }) => {
    const own = options.filter(({ file }) => file === path);
    return own.length === 0 || own.some(({ group }) => SERVER_GROUP.test(group));
  });
}

/** The standard files, and those that the server's command line names. */
async function findRoots(
  server: Server,
): Promise<{ readonly standard: readonly string[]; readonly named: readonly string[] }> {
  const { args, cwd } = await readCommandLine(server);
  const named = (option: string) =>
    args.findLast((arg) => arg.startsWith(`--${option}=`))?.slice(option.length + 3);
  const only = named('defaults-file');
  if (only !== undefined) return { standard: [], named: [resolve(cwd, only)] };
  if (args.includes('--no-defaults')) return { standard: [], named: [] };
  const extra = named('defaults-extra-file');
  return {
    standard: STANDARD_FILES.filter((path) => existsSync(path)),
    named: extra === undefined ? [] : [resolve(cwd, extra)],
  };
}

/** Of the server's process; nothing where that is another user's or another host's. */
async function readCommandLine(server: Server): Promise<{ args: string[]; cwd: string }> {
  const pid = await findServerProcess(server);
  try {
    const args = pid === undefined ? [] : (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    // The server has gone to its data directory; where it was started cannot be told, and names are absolute there.
    return { args, cwd: (await server.variable('datadir')) ?? '/' };
  } catch {
    return { args: [], cwd: '/' };
  }
}

/** MariaDB since 10.5 and MySQL since 8.0 know which file each setting came from. */
const PATHS_SQL = {
  mariadb:
    'SELECT DISTINCT GLOBAL_VALUE_PATH AS path FROM information_schema.SYSTEM_VARIABLES WHERE GLOBAL_VALUE_PATH IS NOT NULL',
  mysql:
    "SELECT DISTINCT VARIABLE_PATH AS path FROM performance_schema.variables_info WHERE VARIABLE_PATH <> '' AND VARIABLE_SOURCE <> 'PERSISTED'",
};

async function askForFiles(server: Server, log: Log): Promise<string[]> {
  try {
    const rows = await server.query<{ path: string }>(
      server.vendor === 'mariadb' ? PATHS_SQL.mariadb : PATHS_SQL.mysql,
    );
    return rows.map(({ path }) => path);
  } catch (error) {
    log.debug(`The server does not tell where its settings came from: ${describeError(error)}`);
    return [];
  }
}
