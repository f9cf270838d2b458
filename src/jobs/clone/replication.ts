import type { Secret } from '../../config/secret.ts';
import { describeError, TwinDbError } from '../../errors.ts';
import type { ReplicationSource } from '../../mysql/replication-syntax.ts';
import type { MysqlServer } from '../../mysql/server/server.ts';

type Server = Pick<MysqlServer, 'query' | 'flavour'>;

/**
 * Makes a fresh server a replica of `source`, from the copy's place on. The password goes to the server and nowhere else.
 * Throws a TwinDbError without it.
 */
export async function replicateFrom(
  { query, flavour }: Server,
  source: ReplicationSource,
  password: Secret,
): Promise<void> {
  const { replication } = flavour;
  await query(replication.stop);
  await query(replication.reset);
  for (const { sql, values } of source.gtid === undefined ? [] : replication.adoptGtid(source.gtid)) {
    await query(sql, values);
  }
  const { sql, values } = replication.changeSource(source);
  try {
    await query(sql, [...values, password.reveal()]);
  } catch (error) {
    throw redact(error, password);
  }
  await query(replication.start);
}

/**
 * The error of the driver holds the whole statement, so it is not kept as a cause. A server quotes a piece of a statement that
 * it does not understand (`near '…'`), and the password may stand in it, whole or in part.
 */
function redact(error: unknown, password: Secret): TwinDbError {
  const message = describeError(error).replace(/\bnear '.*/s, 'near […]');
  const secret = password.reveal();
  return new TwinDbError(secret === '' ? message : message.replaceAll(secret, '[secret]'), {
    hasLines: true,
  });
}
