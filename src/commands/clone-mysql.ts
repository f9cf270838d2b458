import { readFileSync } from 'node:fs';
import { readSshLogin } from '../config/read-config.ts';
import { Secret } from '../config/secret.ts';
import { TwinDbError } from '../errors.ts';
import { type Address, formatAddress } from '../jobs/clone/address.ts';
import { cloneMysql as clone } from '../jobs/clone/clone-mysql.ts';
import { startCommand } from '../jobs/clone/service-manager.ts';
import { formatPlace } from '../jobs/clone/source-place.ts';
import type { Transport } from '../jobs/clone/transport.ts';
import type { CommandContext } from './command.ts';

/** The options as the command line has them. */
interface CloneMysqlOptions {
  readonly netcatPort?: number;
  readonly replicationUser: string;
  readonly replicationPassword?: string;
  readonly replicationPasswordFile?: string;
  readonly transport: Transport['kind'];
  readonly compress?: boolean;
}

/** What the Python tool takes when nothing is said (contract: command line). */
const DEFAULT_PASSWORD = 'slavepass';
const DEFAULT_NETCAT_PORT = 9990;
/** The server's option file, where the configuration has no section [mysql]. */
const DEFAULTS_FILE = '/root/.my.cnf';

/** Makes another host a replica of the server on this one; with one address, that is the destination. */
export async function cloneMysql(
  first: Address,
  second: Address | undefined,
  options: CloneMysqlOptions,
  context: CommandContext,
): Promise<boolean> {
  const { config, log, print } = context;
  const [source, destination] = second === undefined ? [undefined, first] : [first, second];
  const ssh = readSshLogin(config.file);
  const password = new Secret(readPassword(options));
  if (options.netcatPort !== undefined && options.transport === 'ssh') {
    log.warn(
      '--netcat-port is not used: the data go through the SSH connection. Add --transport netcat to use it.',
    );
  }
  const {
    plan,
    source: from,
    state,
    wanted,
    suffix,
    isWritable,
  } = await clone(
    {
      source,
      destination,
      replication: { user: options.replicationUser, password },
      transport: options.transport,
      netcatPort: options.netcatPort ?? DEFAULT_NETCAT_PORT,
      compress: options.compress ?? false,
    },
    { ssh, defaultsFile: config.mysql?.defaultsFile ?? DEFAULTS_FILE },
    context,
  );
  const place = from.gtid === undefined ? `${from.binlog}, position ${from.position}` : `GTID ${from.gtid}`;
  const behind = state.secondsBehind === undefined ? '' : `, ${state.secondsBehind} s behind`;
  const replica = formatAddress({ host: destination.host, port: plan.replicaPort });
  if (!state.hasCaughtUp) {
    log.warn(
      `${replica} has not caught up yet, but it advances: this server had logged up to ${formatPlace(wanted)}, of which it has received up to ` +
        `${formatPlace(state.received)} and applied up to ${formatPlace(state.applied)}. Wait until its replication status says 0 seconds behind, ` +
        'and do not read from it before',
    );
  }
  print(
    `${replica} replicates from ${formatAddress(from)}: both threads run${behind}` +
      `${state.hasCaughtUp ? `, and all is applied up to ${formatPlace(wanted)}` : ''}. It began at ${place}, and its server_id is ${plan.serverId}.`,
  );
  print(
    isWritable
      ? 'It takes writes of others than its source as well: read_only is OFF, as its source has it. To change that, set read_only in its my.cnf, and SET GLOBAL read_only = ON.'
      : 'It takes writes of its source only: read_only is ON, as its source has it. Switch it off before it takes the place of its source.',
  );
  print(`Its former configuration files lie beside the new ones, with ${suffix} at the end of their names.`);
  if (plan.manager.kind === 'plain') {
    print(
      `No service manager there knows the server. After a restart of the host run: ${startCommand(plan.manager)}`,
    );
  }
  return true;
}

function readPassword({ replicationPassword, replicationPasswordFile }: CloneMysqlOptions): string {
  if (replicationPasswordFile === undefined) return replicationPassword ?? DEFAULT_PASSWORD;
  try {
    // Editors end a file with a line end, which nobody means.
    return readFileSync(replicationPasswordFile, 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    throw new TwinDbError(`Cannot read the password of the replication user in ${replicationPasswordFile}`, {
      cause,
    });
  }
}
