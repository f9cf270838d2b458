import { TwinDbError } from '../../errors.ts';
import type { MysqlOptions } from '../server/defaults-file.ts';
import { addressOf, missingPrivilege } from '../server/mysql-errors.ts';
import { ServerError } from './server-error.ts';

/** Trying again would change nothing, or would do harm: the operator has to act first. */
export class CannotFollowError extends TwinDbError {
  override readonly name = 'CannotFollowError';
}

/** ER_MASTER_FATAL_ERROR_READING_BINLOG: the words tell why. */
const CANNOT_READ = 1236;

/** What went wrong while a server was followed, as a TwinDbError: a CannotFollowError where trying again would be of no use. */
export function explainDump(cause: unknown, options: MysqlOptions, serverId: number): TwinDbError {
  const address = addressOf(options);
  const message = cause instanceof Error ? cause.message : '';
  const missing = missingPrivilege(message);
  if (missing !== undefined) {
    return new CannotFollowError(
      `Cannot follow the binary log of MySQL at ${address} as ${options.user}: missing privilege ${missing}`,
      {
        cause,
        isExplained: true,
        remedy: `Run as an administrator: GRANT ${missing} ON *.* TO the account ${options.user}.`,
      },
    );
  }
  if (cause instanceof ServerError && /same server_(uuid|id)/i.test(message)) {
    return new CannotFollowError(
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
    return new CannotFollowError(`MySQL at ${address} writes no binary log`, {
      cause,
      isExplained: true,
      remedy: 'Set log_bin in my.cnf and restart the server.',
    });
  }
  return new TwinDbError(`Lost the binary log of MySQL at ${address}`, { cause });
}
