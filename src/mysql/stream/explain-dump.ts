import { ConfigError, TwinDbError } from '../../errors.ts';
import type { MysqlOptions } from '../server/defaults-file.ts';
import { addressOf, missingPrivilege, quoteAccount } from '../server/mysql-errors.ts';
import { ServerError } from './server-error.ts';

/** ER_MASTER_FATAL_ERROR_READING_BINLOG: the words tell why. */
const CANNOT_READ = 1236;

/** Who follows a server. */
interface Follower {
  readonly options: MysqlOptions;
  /** The account that the server knows us by, as `user@host`. */
  readonly account: string;
  readonly serverId: number;
}

/**
 * What went wrong while a server was followed, as a TwinDbError: a ConfigError where only the operator can change it, so that trying again would be of
 * no use or, where two clients drive each other out, would do harm.
 */
export function explainDump(cause: unknown, { options, account, serverId }: Follower): TwinDbError {
  const address = addressOf(options);
  const message = cause instanceof Error ? cause.message : '';
  const missing = missingPrivilege(message);
  if (missing !== undefined) {
    return new ConfigError(
      `Cannot follow the binary log of MySQL at ${address} as ${options.user}: missing privilege ${missing}`,
      {
        cause,
        isExplained: true,
        remedy: `Run as an administrator: GRANT ${missing} ON *.* TO ${quoteAccount(account)}; and start the service again.`,
      },
    );
  }
  if (cause instanceof ServerError && /same server_(uuid|id)/i.test(message)) {
    return new ConfigError(
      `Another client follows MySQL at ${address} with the server id ${serverId}, and the server lets only the newest one go on`,
      {
        cause,
        isExplained: true,
        remedy:
          'If it is a second service of this kind, stop one of the two. Otherwise give this one another number with server_id in section [stream].',
      },
    );
  }
  if (cause instanceof ServerError && cause.errno === CANNOT_READ && /log is not enabled/i.test(message)) {
    return new ConfigError(`MySQL at ${address} writes no binary log`, {
      cause,
      isExplained: true,
      remedy: 'Set log_bin in my.cnf and restart the server.',
    });
  }
  return new TwinDbError(`Lost the binary log of MySQL at ${address}`, { cause });
}
