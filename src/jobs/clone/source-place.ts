import { TwinDbError } from '../../errors.ts';
import type { MysqlServer } from '../../mysql/server/server.ts';

/** A place in the binary logs of a source. */
export interface LogPlace {
  readonly binlog: string;
  readonly position: number;
}

/** How far a source had logged at one time. */
export interface SourcePlace extends LogPlace {
  /** All that MySQL has executed, where it has GTIDs; else empty. */
  readonly gtids: string;
}

/** Where the source writes to its binary logs now. Throws a TwinDbError when it does not say. */
export async function readSourcePlace({
  query,
  flavour,
}: Pick<MysqlServer, 'query' | 'flavour'>): Promise<SourcePlace> {
  const [row] = await query<{ File: string; Position: number | string; Executed_Gtid_Set?: string }>(
    flavour.sql.binlogStatus,
  );
  if (row === undefined)
    throw new TwinDbError(`${flavour.title} on this host does not tell its place in its binary logs`);
  return { binlog: row.File, position: Number(row.Position), gtids: row.Executed_Gtid_Set ?? '' };
}

/** Whether a place is not before another one of the same server. The numbers of its logs can get longer: .999999, .1000000. */
export function hasReached(place: LogPlace, wanted: LogPlace): boolean {
  const [number, other] = [place, wanted].map(({ binlog }) => Number(/\.(\d+)$/.exec(binlog)?.[1] ?? -1));
  return number === other ? place.position >= wanted.position : Number(number) > Number(other);
}

export function formatPlace({ binlog, position }: LogPlace): string {
  return binlog === '' ? 'nothing yet' : `${binlog}, position ${position}`;
}
