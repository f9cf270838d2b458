import type { Upstream } from '../../copies/mysql-copy.ts';
import { describeError, TwinDbError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { grantsAny, readGrants } from './grants.ts';
import { replicationColumn } from './replication-column.ts';
import type { MysqlServer } from './server.ts';

/** How a replica is copied. */
export interface ReplicaPlan {
  /** Arguments for the backup program. */
  readonly options: readonly string[];
  /** Whether the program stops the threads that apply what the replica receives, and starts them again. */
  readonly stopsApplying: boolean;
  /** What cannot be done. */
  readonly doubts: readonly Doubt[];
}

/** A lasting state, and how the operator is warned of it. */
interface Doubt {
  readonly state: string;
  readonly message: string;
}

type Server = Pick<MysqlServer, 'query' | 'variable' | 'flavour'>;

const PLAIN: ReplicaPlan = { options: [], stopsApplying: false, doubts: [] };

/**
 * Finds out before the copy what the backup program may do on a replica, as it fails on what it may not: tell where the copy is in the logs
 * of the primary, and on request stop the SQL thread. `upstreams` as `readServerSetup` has them; a server without any is copied as it is.
 */
export async function planReplica(
  server: Server,
  upstreams: readonly Upstream[],
  safeSlaveBackup: boolean,
): Promise<ReplicaPlan> {
  const { family, replication } = server.flavour;
  // A channel of group replication has no host.
  if (!upstreams.some(({ host }) => host !== ''))
    return upstreams.length > 0 && family === 'mariadb' ? { ...PLAIN, doubts: [NO_MONITOR] } : PLAIN;
  const mayStop = safeSlaveBackup && grantsAny(await readGrants(server), replication.privileges);
  if (mayStop) return { options: ['--slave-info', '--safe-slave-backup'], stopsApplying: true, doubts: [] };
  const refused = safeSlaveBackup ? [cannotStop(replication.privileges)] : [];
  return (await isUnordered(server))
    ? { ...PLAIN, doubts: [...refused, UNORDERED] }
    : { ...PLAIN, options: ['--slave-info'], doubts: refused };
}

const NO_POSITION =
  'The copies of this replica do not show where they are in the logs of its primary, which a new replica needs';

const NO_MONITOR: Doubt = {
  state: 'mysql-primary-position',
  message: `${NO_POSITION}: the account for backups has no SLAVE MONITOR. Grant it that ON *.*`,
};

const UNORDERED: Doubt = {
  state: 'mysql-primary-position',
  message:
    `${NO_POSITION}: it applies in several threads and without GTIDs, and backup programs refuse to name a position then. ` +
    'Use GTIDs, or set [mysql] safe_slave_backup=yes',
};

function cannotStop(privileges: readonly string[]): Doubt {
  return {
    state: 'mysql-safe-slave-backup',
    message:
      'The replica is copied while it applies what it receives, although [mysql] safe_slave_backup is on: ' +
      `SHOW GRANTS of the account for backups has no ${privileges.at(-1)}. Grant it that ON *.*`,
  };
}

/** Whether transactions may be applied in another order than the primary's, which only GTIDs can tell of. */
async function isUnordered({ query, variable, flavour }: Server): Promise<boolean> {
  const workers = (await variable('slave_parallel_workers')) ?? (await variable('replica_parallel_workers'));
  if (Number(workers ?? 0) === 0 || (await variable('gtid_slave_pos'))) return false;
  const rows = await query<Record<string, unknown>>(flavour.replication.upstreams);
  return !rows.every((row) => Number(row['Auto_Position']) === 1);
}

/**
 * Does the work, in which a backup program stops the SQL threads of a replica. A program that fails, or is ended, leaves them so: those
 * that ran before are started again then. Throws the error of the work, and what went wrong with that.
 */
export async function keepApplying<T>(
  { flavour, afterwards }: Pick<MysqlServer, 'flavour' | 'afterwards'>,
  work: () => Promise<T>,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<T> {
  const { upstreams, ofConnection, start } = flavour.replication;
  const running = async () =>
    (await afterwards.query<Readonly<Record<string, string | undefined>>>(upstreams)).flatMap((row) =>
      replicationColumn(row, 'Slave_SQL_Running') === 'Yes'
        ? [row['Connection_name'] ?? row['Channel_Name'] ?? '']
        : [],
    );
  const before = await running();
  try {
    return await work();
  } catch (error) {
    try {
      const now = await running();
      for (const name of before.filter((each) => !now.includes(each))) {
        await afterwards.query(ofConnection(`${start} SQL_THREAD`, name));
        log.debug('The SQL thread that the backup program had stopped runs again');
      }
    } catch (failure) {
      const message = `Cannot start the SQL thread of this replica again, which the backup program may have stopped: ${describeError(failure)}`;
      // A run that is interrupted ends with that reason alone.
      if (signal.aborted) log.error(message);
      // Both have to be known; the chain of causes has room for one.
      throw new TwinDbError(message, { cause: error, hasLines: true, remedy: `Run: ${start} SQL_THREAD` });
    }
    throw error;
  }
}
