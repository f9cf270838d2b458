import type { MysqlConfig } from '../../config/config.ts';
import { TwinDbError } from '../../errors.ts';
import { captureOutput } from '../../process/capture.ts';
import { findInPath } from '../../process/find-in-path.ts';
import { installCommand } from '../../process/install-command.ts';
import type { Flavour } from '../flavours.ts';

/** The line that xtrabackup and mariabackup end with, on success only; some versions exit 0 after an error. */
export const LAST_WORDS = 'completed OK!';

/** The program that backs up and restores one flavour of server. */
export interface BackupPrograms {
  /** Path of mariabackup or xtrabackup. */
  readonly backup: string;
  /** What it says of its version, such as `8.0.35-30`. */
  readonly backupVersion: string;
  /** The package that holds it. */
  readonly debianPackage: string;
}

type ConfiguredPrograms = Pick<MysqlConfig, 'xtrabackupBinary'>;

/**
 * Finds the program for a server (or, on restore, for the flavour of a copy): the configured one, else the first one of
 * the flavour that is in PATH. Throws a TwinDbError that names the package when there is none, and refuses a program
 * that does not serve this flavour, before anything runs. The signal ends a program that hangs when it is asked.
 */
export async function findPrograms(
  { flavour }: { readonly flavour: Flavour },
  { xtrabackupBinary }: ConfiguredPrograms,
  signal: AbortSignal,
): Promise<BackupPrograms> {
  const backup = await findProgram(xtrabackupBinary, flavour);
  const backupVersion = requireServingVersion(
    backup,
    await askVersion(backup, flavour.package, signal),
    flavour,
  );
  return { backup, backupVersion, debianPackage: flavour.package };
}

async function findProgram(configured: string | undefined, flavour: Flavour): Promise<string> {
  const names = configured === undefined ? flavour.backupPrograms : [configured];
  for (const name of names) {
    const found = await findInPath(name);
    if (found !== undefined) return found;
  }
  const install = installCommand([flavour.package]);
  if (configured !== undefined) {
    throw new TwinDbError(`Cannot run ${configured}: there is no such program`, {
      remedy: `Correct [mysql] xtrabackup_binary, or leave it out and install the program for ${flavour.title}: ${install}`,
    });
  }
  throw new TwinDbError(`${names.join(' or ')} is not installed, which ${flavour.title} needs`, {
    remedy: `Install it: ${install}`,
  });
}

/** `xtrabackup version 8.0.35-30 based on MySQL server 8.0.35 …`; it begins with the path that the program was called by. */
const XTRABACKUP = / version (\d+\.\d+\S*) based on MySQL server/i;
/** `mariabackup based on MariaDB server 10.11.19-MariaDB …` */
const MARIABACKUP = /MariaDB server (\d+\.\d+\S*)/i;

/** What a backup program says of its version, reduced to that. Throws a TwinDbError when it does not serve this flavour. */
export function requireServingVersion(command: string, says: string, flavour: Flavour): string {
  const refuse = (is: string) =>
    new TwinDbError(`${command} cannot back up or restore ${flavour.title}: it is ${is}`, {
      remedy: `Correct [mysql] xtrabackup_binary, or leave it out and run: ${installCommand([flavour.package])}`,
    });
  // Some builds of mariabackup call themselves xtrabackup as well.
  const mariadb = MARIABACKUP.exec(says)?.[1];
  const version = mariadb ?? XTRABACKUP.exec(says)?.[1];
  if (version === undefined) throw refuse('neither xtrabackup nor mariabackup');
  if ((mariadb !== undefined) !== (flavour.family === 'mariadb')) {
    throw refuse(mariadb === undefined ? 'made for MySQL and Percona Server only' : 'made for MariaDB only');
  }
  if (flavour.toolSeries !== undefined && /^\d+\.\d+/.exec(version)?.[0] !== flavour.toolSeries) {
    throw refuse(`version ${version}, and version ${flavour.toolSeries} is needed`);
  }
  return version;
}

/** Some write their version to stdout, some to stderr. */
async function askVersion(command: string, debianPackage: string, signal: AbortSignal): Promise<string> {
  let stderr: readonly string[] = [];
  const program = {
    command,
    // An option file could hold what this program refuses; only its version is wanted.
    args: ['--no-defaults', '--version'],
    debianPackage,
    onSuccess: (end: { stderr: readonly string[] }) => {
      stderr = end.stderr;
    },
  };
  const stdout = await captureOutput(program, signal);
  return [stdout, ...stderr].join('\n');
}
