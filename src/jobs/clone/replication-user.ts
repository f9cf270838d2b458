import type { Secret } from '../../config/secret.ts';
import { TwinDbError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { grantsAny, readGrants } from '../../mysql/server/grants.ts';
import { saysNoAdmission } from '../../mysql/server/mysql-errors.ts';
import { connectMysqlBy, type MysqlServer } from '../../mysql/server/server.ts';
import { openForward } from '../../ssh/forward.ts';
import type { RemoteHost } from './remote-host.ts';

/** Whom the replica logs in as at its source. */
export interface ReplicationUser {
  readonly user: string;
  readonly password: Secret;
}

/**
 * Logs in at the source as the replica will, from the replica's host and through its SSH server, so that a firewall, a source
 * that listens on loopback only, a wrong password and a missing privilege show before anything has changed. Throws a
 * TwinDbError that says which of these it is.
 */
export async function requireConnectBack(
  replica: RemoteHost,
  source: { readonly host: string; readonly port: number; readonly server: Pick<MysqlServer, 'query'> },
  { user, password }: ReplicationUser,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  const where = `the source at ${source.host}:${source.port}`;
  const options = {
    file: '',
    user,
    password,
    host: source.host,
    port: source.port,
    socket: undefined,
    // As replication will be set up.
    ssl: { mode: 'disabled', ca: undefined, cert: undefined, key: undefined, cipher: undefined },
    arguments: [],
  } as const;
  const dial = async () => {
    try {
      return await openForward(await replica.connection(), source);
    } catch (cause) {
      throw new TwinDbError(`${replica.name} cannot reach ${where}`, {
        cause,
        remedy: `The server must listen on that address (bind_address), and no firewall may be between.`,
      });
    }
  };
  let server: MysqlServer;
  try {
    server = await connectMysqlBy(options, log, signal, dial);
  } catch (error) {
    throw explain(error, user, where, replica.name, await findTlsAccounts(source.server, user));
  }
  await using session = server;
  const text = await readGrants(session);
  if (/\b(ALL PRIVILEGES|REPLICATION SLAVE|REPLICATION REPLICA)\b(?! ADMIN)[^\n]* ON \*\.\*/i.test(text))
    return;
  throw new TwinDbError(`${user} may not replicate from ${where}`, {
    remedy: `Run there: GRANT REPLICATION SLAVE ON *.* TO its account.`,
  });
}

/** The accounts of this name that may log in by TLS only; none where we may not look. */
async function findTlsAccounts({ query }: Pick<MysqlServer, 'query'>, user: string): Promise<string[]> {
  const sql = "SELECT Host AS host FROM mysql.user WHERE User = ? AND ssl_type <> ''";
  const rows = await query<{ host: string }>(sql, [user]).catch(() => []);
  return rows.map(({ host }) => `${user}@${host}`);
}

function explain(
  error: unknown,
  user: string,
  where: string,
  replica: string,
  tlsAccounts: readonly string[],
): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  // The network's failure is its own explanation.
  if (cause instanceof TwinDbError) return cause;
  if (!saysNoAdmission(cause)) return error;
  if (tlsAccounts.length > 0) {
    return new TwinDbError(
      `${replica} cannot log in as ${user} at ${where}: ${tlsAccounts.join(', ')} demands TLS, without which replication is set up`,
      {
        cause,
        isExplained: true,
        remedy: `Run there: ALTER USER … REQUIRE NONE, or name another account with --replication-user.`,
      },
    );
  }
  return new TwinDbError(`${replica} cannot log in as ${user} at ${where}: access denied`, {
    cause,
    isExplained: true,
    remedy:
      `Make the account there, CREATE USER '${user}'@'…' IDENTIFIED BY '…' and GRANT REPLICATION SLAVE ON *.*, ` +
      'or name it with --replication-user and --replication-password-file.',
  });
}

/**
 * Makes sure that our own account, which the copy brings along, will be able to start replication. Throws a TwinDbError that
 * names the privilege.
 */
export async function requireReplicationAdmin({
  query,
  flavour,
  options,
}: Pick<MysqlServer, 'query' | 'flavour' | 'options'>): Promise<void> {
  // Needs the privilege to look at it; a server that is no replica answers with nothing.
  await query(flavour.replication.status);
  const grants = await readGrants({ query });
  // What a role grants is not shown.
  if (grantsAny(grants, flavour.replication.privileges) || /^GRANT `?\w+`?(@\S+)? TO /m.test(grants)) return;
  throw new TwinDbError(`${options.user} may not start replication`, {
    remedy: `Grant it ${flavour.replication.privileges.at(-1)} ON *.*, or name an administrator in ${options.file}.`,
  });
}
