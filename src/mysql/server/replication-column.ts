/**
 * What a server says of replication in a column, also where it calls that by the words of MySQL 8.0.22: `Source_Host` for
 * `Master_Host`, `Replica_IO_State` for `Slave_IO_State`. Empty: nothing, or there is no such column.
 */
export function replicationColumn(row: Readonly<Record<string, unknown>>, name: string): string {
  const value = row[name] ?? row[name.replace('Master', 'Source').replace('Slave', 'Replica')];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
