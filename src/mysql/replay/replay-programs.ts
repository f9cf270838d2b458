import { findFirstInPath } from '../../process/find-in-path.ts';
import type { Program } from '../../process/program.ts';
import type { Flavour } from '../flavours.ts';

type Family = Pick<Flavour, 'family' | 'binlogPrograms' | 'clientPrograms' | 'clientPackage'>;

/** Rows of one statement become one BINLOG statement, which is a third larger than they are. The most that a server takes. */
const MAX_PACKET = '1G';

/** After these the program exits 0 all the same: the first one of MariaDB is about a log that its server has not closed. */
const NOT_WHOLE = /^ERROR: |did not reach stop position|range of printed events does not end/i;

/** How to read logs. */
interface Reading {
  /** Bytes from the beginning of the first log: the end of a transaction. */
  readonly startPosition: number;
  /** Gets the files of LOAD DATA, which the program leaves there. */
  readonly loadFolder: string;
}

/**
 * Reads logs from its stdin as one, and prints statements. Logs follow each other without their magic numbers, as events do in a relay log: neither
 * program opens a FIFO, and files would have to be on the disk all at once. A program that gets several files says nothing of a missing one.
 */
export async function readLogs(
  { binlogPrograms, clientPackage, family }: Family,
  { startPosition, loadFolder }: Reading,
): Promise<Program> {
  return {
    command: await findFirstInPath(binlogPrograms),
    args: [
      '--no-defaults',
      // Which log follows which has been found out before; the server of a replica may have logs that do not pass this test.
      ...(family === 'mariadb' ? ['--loose-skip-gtid-strict-mode'] : []),
      `--start-position=${startPosition}`,
      // Neither a flipped bit nor a block of zeros is noticed otherwise.
      '--verify-binlog-checksum',
      `--local-load=${loadFolder}`,
      '-',
    ],
    debianPackage: clientPackage,
    failureLine: NOT_WHOLE,
  };
}

/** Where a server takes statements. */
interface Server {
  /** Option file of the client with the account. */
  readonly clientFile: string;
  readonly socket: string;
}

/**
 * Runs the statements that its stdin has, in one session: temporary tables live on from log to log. Without `--binary-mode` it changes CR LF in
 * statements, without a word, and stops at NUL.
 */
export async function runStatements(
  { clientPrograms, clientPackage, family }: Family,
  { clientFile, socket }: Server,
): Promise<Program> {
  return {
    command: await findFirstInPath(clientPrograms),
    args: [
      `--defaults-file=${clientFile}`,
      `--socket=${socket}`,
      // Since 11.4 that of MariaDB wants TLS by itself.
      family === 'mariadb' ? '--skip-ssl' : '--ssl-mode=DISABLED',
      '--binary-mode',
      '--local-infile=1',
      `--max-allowed-packet=${MAX_PACKET}`,
    ],
    debianPackage: clientPackage,
  };
}
