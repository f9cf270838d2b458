import { findFirstInPath } from '../../process/find-in-path.ts';
import type { Program } from '../../process/program.ts';
import type { Flavour } from '../flavours.ts';

/** The server that is dumped. */
interface Server {
  /** Option file of the client with the account. */
  readonly clientFile: string;
  readonly socket: string;
}

/** What the last line of a complete dump begins with; a program that was cut short does not print it. */
export const DUMP_ENDS = '-- Dump completed';

/** Of a table with accounts all but the one that dumps it: that of a private server, which has all privileges, must not get to a live one. */
export const WITHOUT_US = "--where=User <> SUBSTRING_INDEX(USER(), '@', 1)";

/**
 * Prints SQL that makes tables again: structure and data. `more` says what else, and then of which database and tables. No lock is
 * taken, as nobody else writes to the server. Binary data are printed in hexadecimal, so that no character set changes them.
 */
export async function dumpTables(
  { dumpPrograms, clientPackage, family }: Pick<Flavour, 'dumpPrograms' | 'clientPackage' | 'family'>,
  { clientFile, socket }: Server,
  more: readonly string[],
): Promise<Program> {
  return {
    command: await findFirstInPath(dumpPrograms),
    args: [
      `--defaults-file=${clientFile}`,
      `--socket=${socket}`,
      // The program of MySQL writes what has been executed otherwise, and tablespaces, which another server has its own of.
      ...(family === 'mariadb'
        ? ['--skip-ssl']
        : ['--ssl-mode=DISABLED', '--set-gtid-purged=OFF', '--no-tablespaces']),
      '--single-transaction',
      '--skip-lock-tables',
      '--hex-blob',
      '--default-character-set=utf8mb4',
      '--max-allowed-packet=1G',
      ...more,
    ],
    debianPackage: clientPackage,
  };
}
