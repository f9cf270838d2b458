import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProcessError, TwinDbError } from '../../errors.ts';
import { captureOutput } from '../../process/capture.ts';
import type { Flavour } from '../flavours.ts';
import { BACKUP_MY_CNF, dropUnknownOptions, readKnownOptions } from './backup-my-cnf.ts';
import type { BackupPrograms } from './programs.ts';

/** The option files of this host must not add to what a program is asked, nor make it fail. */
const NO_DEFAULTS = '--no-defaults';

/** What the program that prepares a copy knows; undefined when it does not tell. */
export async function readProgramOptions(programs: BackupPrograms): Promise<ReadonlySet<string> | undefined> {
  const help = await captureOutput({
    command: programs.backup,
    args: [NO_DEFAULTS, '--help'],
    debianPackage: programs.debianPackage,
  });
  return readKnownOptions(help);
}

/** The server, where it is installed; /usr/sbin is not in everybody's PATH. */
const SERVERS: Readonly<Record<Flavour['family'], readonly string[]>> = {
  mariadb: ['mariadbd', '/usr/sbin/mariadbd', 'mysqld', '/usr/sbin/mysqld'],
  mysql: ['mysqld', '/usr/sbin/mysqld'],
};

/** What the server on this host knows; undefined where no such server is installed, as on a host that only keeps copies. */
export async function readServerOptions(
  flavour: Pick<Flavour, 'family' | 'package'>,
): Promise<ReadonlySet<string> | undefined> {
  for (const command of SERVERS[flavour.family]) {
    const help = await askServer(command, flavour.package);
    const isOther = help !== undefined && /mariadb/i.test(help) !== (flavour.family === 'mariadb');
    if (help !== undefined && !isOther) return readKnownOptions(help);
  }
  return undefined;
}

async function askServer(command: string, debianPackage: string): Promise<string | undefined> {
  try {
    return await captureOutput({ command, args: [NO_DEFAULTS, '--verbose', '--help'], debianPackage });
  } catch (error) {
    if (error instanceof ProcessError) return undefined;
    throw error;
  }
}

/**
 * Drops from a copy's backup-my.cnf what is not among the `known` options, so that a program can be started with that file.
 * Returns the options' names.
 */
export async function fitTo(known: ReadonlySet<string> | undefined, dir: string): Promise<readonly string[]> {
  if (known === undefined) return [];
  const path = join(dir, BACKUP_MY_CNF);
  try {
    const { content, dropped } = dropUnknownOptions(await readFile(path, 'utf8'), known);
    if (dropped.length > 0) await writeFile(path, content);
    return dropped;
  } catch (cause) {
    throw new TwinDbError(`Cannot drop options from ${path} that are not known here`, { cause });
  }
}
