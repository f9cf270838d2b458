import type { BinlogCopy } from '../copies/binlog-copy.ts';
import type { MysqlCopy } from '../copies/mysql-copy.ts';
import { orderBinlogs } from '../copies/order-binlogs.ts';

/** What matters of a copy of the data. */
type Base = Pick<MysqlCopy, 'key' | 'binlog' | 'position' | 'serverIdentity' | 'backupFinished'>;

/** What matters of a copy of a log. */
type Log = Pick<BinlogCopy, 'binlog' | 'timeCreated' | 'serverIdentity'>;

/**
 * The copy from which most of the logs can be replayed: of those that end in a log that is still there, the one that ends in the oldest of these; the newest
 * where several do. One that ends in a log that is gone is of no use to the later ones. Undefined: no copy ends in a log that is there.
 */
export function findBaseOfLogs<B extends Base>(copies: readonly B[], logs: readonly Log[]): B | undefined {
  const ordered = orderBinlogs(logs);
  const placed = copies.flatMap((copy) => {
    const index = ordered.findLastIndex((log) => endsIn(copy, log));
    return index < 0 ? [] : [{ copy, index }];
  });
  const [first] = placed.toSorted(
    (a, b) => a.index - b.index || b.copy.backupFinished - a.copy.backupFinished,
  );
  return first?.copy;
}

/** Names are given again: of several logs of a name it is the last one that was begun before the copy was finished. */
function endsIn({ binlog, position, serverIdentity, backupFinished }: Base, log: Log): boolean {
  return (
    position !== undefined &&
    log.binlog === binlog &&
    log.timeCreated <= backupFinished &&
    (log.serverIdentity ?? serverIdentity) === (serverIdentity ?? log.serverIdentity)
  );
}
