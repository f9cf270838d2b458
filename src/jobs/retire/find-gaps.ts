import type { BinlogCopy } from '../../copies/binlog-copy.ts';
import { splitIntoEras } from '../../copies/order-binlogs.ts';

/** Logs that would be missing between two that stay. */
export interface LogGap {
  /** The last log before them. */
  readonly before: string;
  /** The first one behind them. */
  readonly after: string;
}

/** The gaps that deleting these copies would make in the logs of each server; those at an end of its logs are none. */
export function findGaps(copies: readonly BinlogCopy[], deleted: ReadonlySet<string>): LogGap[] {
  const servers = new Set(copies.map(({ serverIdentity }) => serverIdentity));
  return [...servers].flatMap((server) =>
    splitIntoEras(copies.filter(({ serverIdentity }) => serverIdentity === server)).flatMap((era) =>
      gapsIn(era, deleted),
    ),
  );
}

function gapsIn(era: readonly BinlogCopy[], deleted: ReadonlySet<string>): LogGap[] {
  const gaps: LogGap[] = [];
  let before: string | undefined;
  let isOpen = false;
  for (const { key, binlog } of era) {
    if (deleted.has(key)) isOpen = true;
    else {
      if (isOpen && before !== undefined) gaps.push({ before, after: binlog });
      [before, isOpen] = [binlog, false];
    }
  }
  return gaps;
}
