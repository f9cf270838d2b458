import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { type Address, parseAddress } from '../jobs/clone/address.ts';
import { TRANSPORTS } from '../jobs/clone/transports.ts';
import type { Start } from './start.ts';

/** Adds `clone mysql` to the command tree; `start` makes its action. */
export function addCloneCommand(program: Command, start: Start): void {
  program
    .command('clone')
    .description('Make another host a replica of the server on this one.')
    .helpCommand(false)
    .command('mysql')
    .description(
      'Copy the MySQL server of this host to another one, over SSH, and start replication there. ' +
        'The data directory there must be empty.',
    )
    .usage('[options] [source] <destination>')
    .addArgument(
      new Argument(
        '<source>',
        'the server on this host, as host[:port], as the replica reaches it; may be left out',
      ).argParser(readAddress),
    )
    .addArgument(
      new Argument('[destination]', 'the host to copy it to, as host[:port]').argParser(readAddress),
    )
    .addOption(
      new Option('--transport <transport>', 'inside the SSH connection, or by plain TCP to a netcat')
        .choices(TRANSPORTS)
        .default('ssh'),
    )
    .addOption(
      new Option('--netcat-port <port>', 'where netcat listens on the destination (default: 9990)').argParser(
        readPort,
      ),
    )
    .option('--replication-user <user>', 'whom the replica logs in as at the source', 'repl')
    .addOption(
      new Option(
        '--replication-password <password>',
        'its password, for all to see in ps (default: slavepass)',
      ).conflicts('replicationPasswordFile'),
    )
    .option('--replication-password-file <file>', 'a file with its password')
    .option('--compress', 'compress the data on their way, with the program of section [compression]')
    .action(start(async () => (await import('../commands/clone-mysql.ts')).cloneMysql));
}

/** A wrong argument is a usage error. */
function readAddress(text: string): Address {
  try {
    return parseAddress(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function readPort(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= 65_535) return value;
  throw new InvalidArgumentError('A port is a number from 1 to 65535.');
}
