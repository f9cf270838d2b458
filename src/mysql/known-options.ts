import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProcessError, TwinDbError } from '../errors.ts';
import { captureOutput } from '../process/capture.ts';
import { BACKUP_MY_CNF, dropUnknownOptions, readKnownOptions } from './backup-my-cnf.ts';
import type { Flavour } from './flavours.ts';
import type { BackupPrograms } from './programs.ts';

/** The option files of this host must not add to what a program is asked, nor make it fail. */
const NO_DEFAULTS = '--no-defaults';

/** Drops from a copy's backup-my.cnf what the program that prepares it does not know. Returns the options' names. */
export async function fitToProgram(dir: string, programs: BackupPrograms): Promise<readonly string[]> {
  const help = await captureOutput({
    command: programs.backup,
    args: [NO_DEFAULTS, '--help'],
    debianPackage: programs.debianPackage,
  });
  return await fit(dir, readKnownOptions(help));
}

/** The server, where it is installed; /usr/sbin is not in everybody's PATH. */
const SERVERS: Readonly<Record<Flavour['family'], readonly string[]>> = {
  mariadb: ['mariadbd', '/usr/sbin/mariadbd', 'mysqld', '/usr/sbin/mysqld'],
  mysql: ['mysqld', '/usr/sbin/mysqld'],
};

/**
 * Drops what the server on this host does not know, so that it can be started with that file. Returns the options' names;
 * none where no such server is installed, as on a host that only keeps copies.
 */
export async function fitToServer(
  dir: string,
  flavour: Pick<Flavour, 'family' | 'package'>,
): Promise<readonly string[]> {
  for (const command of SERVERS[flavour.family]) {
    const help = await askServer(command, flavour.package);
    const isOther = help !== undefined && /mariadb/i.test(help) !== (flavour.family === 'mariadb');
    if (help !== undefined && !isOther) return await fit(dir, readKnownOptions(help));
  }
  return [];
}

async function askServer(command: string, debianPackage: string): Promise<string | undefined> {
  try {
    return await captureOutput({ command, args: [NO_DEFAULTS, '--verbose', '--help'], debianPackage });
  } catch (error) {
    if (error instanceof ProcessError) return undefined;
    throw error;
  }
}

async function fit(dir: string, known: ReadonlySet<string> | undefined): Promise<readonly string[]> {
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
