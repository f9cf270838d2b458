import { replicationColumn } from '../../mysql/server/replication-column.ts';
import { readFilters } from '../../mysql/server/server-setup.ts';
import type { LogPlace } from './source-place.ts';

/** How a replica is doing. */
export interface ReplicaState {
  readonly receiving: string;
  readonly applying: string;
  /** Undefined: the replica cannot tell yet. */
  readonly secondsBehind: number | undefined;
  /** The last error of either thread; empty: none. */
  readonly error: string;
  /** An error in applying does not go away by itself. */
  readonly isFinal: boolean;
  /** Whether MySQL takes what it lacks by GTID, and so only events that have one. */
  readonly isByGtid: boolean;
  /** What the threads say that they do. */
  readonly saysReceiver: string;
  readonly saysApplier: string;
  /** How far it has got the source's logs, and how far it has applied them. */
  readonly received: LogPlace;
  readonly applied: LogPlace;
  /** What it leaves out of them, as `Replicate_Ignore_DB: shop`. */
  readonly filters: readonly string[];
}

/** One row of SHOW SLAVE STATUS or SHOW REPLICA STATUS, in the columns of either. */
export function readReplicaState(row: Readonly<Record<string, unknown>>): ReplicaState {
  const column = (name: string) => replicationColumn(row, name);
  const place = (log: string, position: string) => ({
    binlog: column(log),
    position: Number(column(position)),
  });
  const behind = column('Seconds_Behind_Master');
  const failed = column('Last_SQL_Error');
  return {
    receiving: column('Slave_IO_Running'),
    applying: column('Slave_SQL_Running'),
    secondsBehind: behind === '' ? undefined : Number(behind),
    error: failed || column('Last_IO_Error'),
    isFinal: failed !== '',
    isByGtid: column('Auto_Position') === '1',
    saysReceiver: column('Slave_IO_State'),
    saysApplier: column('Slave_SQL_Running_State'),
    received: place('Master_Log_File', 'Read_Master_Log_Pos'),
    applied: place('Relay_Master_Log_File', 'Exec_Master_Log_Pos'),
    filters: Object.entries(readFilters([row])).map(([name, value]) => `${name}: ${value}`),
  };
}
