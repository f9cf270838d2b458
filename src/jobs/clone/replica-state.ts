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
  const column = (...names: string[]) => {
    const name = names.find((each) => row[each] !== undefined && row[each] !== null);
    return name === undefined ? '' : String(row[name]);
  };
  const ofSource = (name: string) => column(name.replace('*', 'Master'), name.replace('*', 'Source'));
  const place = (log: string, position: string) => ({
    binlog: ofSource(log),
    position: Number(ofSource(position)),
  });
  const behind = column('Seconds_Behind_Master', 'Seconds_Behind_Source');
  const failed = column('Last_SQL_Error');
  return {
    receiving: column('Slave_IO_Running', 'Replica_IO_Running'),
    applying: column('Slave_SQL_Running', 'Replica_SQL_Running'),
    secondsBehind: behind === '' ? undefined : Number(behind),
    error: failed || column('Last_IO_Error'),
    isFinal: failed !== '',
    isByGtid: column('Auto_Position') === '1',
    saysReceiver: column('Slave_IO_State', 'Replica_IO_State'),
    saysApplier: column('Slave_SQL_Running_State', 'Replica_SQL_Running_State'),
    received: place('*_Log_File', 'Read_*_Log_Pos'),
    applied: place('Relay_*_Log_File', 'Exec_*_Log_Pos'),
    filters: Object.entries(readFilters([row])).map(([name, value]) => `${name}: ${value}`),
  };
}
