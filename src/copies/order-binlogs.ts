import { parseBinlogName, splitStoredName } from './binlog-copy.ts';
import { formatTime } from './names.ts';

/** What tells the place of a log among others. */
export interface DatedLog {
  /** The server's own name for it, as in SHOW BINARY LOGS. */
  readonly binlog: string;
  /** When it was begun, in seconds since the epoch; undefined where nothing tells. */
  readonly timeCreated: number | undefined;
}

/**
 * The logs in the order in which they were written, one list for each time that a server began with number 1: at first, after
 * RESET MASTER, with restored data.
 *
 * The time in a log's header alone does not order them: it is when the statement began that made the server go on to this log,
 * and a long INSERT may have begun before the log in front of it. So time tells the lists apart, and numbers count within one.
 */
export function splitIntoEras<L extends DatedLog>(logs: readonly L[]): L[][] {
  const beginnings = logs
    .filter(({ binlog }) => parseBinlogName(binlog)?.number === 1)
    .flatMap(({ timeCreated }) => timeCreated ?? []);
  const eraOf = ({ timeCreated = 0 }: L) => beginnings.filter((beginning) => beginning <= timeCreated).length;
  const numbers = [...new Set(logs.map(eraOf))].toSorted((a, b) => a - b);
  return numbers.map((number) => sortEra(logs.filter((log) => eraOf(log) === number)));
}

/** The logs in the order in which they were written. */
export function orderBinlogs<L extends DatedLog>(logs: readonly L[]): L[] {
  return splitIntoEras(logs).flat();
}

/** Where log_bin was given another name, the logs of the new one follow those of the old one. */
function sortEra<L extends DatedLog>(era: readonly L[]): L[] {
  const baseOf = ({ binlog }: L) => parseBinlogName(binlog)?.base ?? binlog;
  const begun = new Map<string, number>();
  for (const log of era) {
    const time = log.timeCreated ?? 0;
    begun.set(baseOf(log), Math.min(begun.get(baseOf(log)) ?? time, time));
  }
  return era.toSorted((a, b) => {
    const [left, right] = [baseOf(a), baseOf(b)];
    if (left === right) return numberOf(a) - numberOf(b) || (a.timeCreated ?? 0) - (b.timeCreated ?? 0);
    return (begun.get(left) ?? 0) - (begun.get(right) ?? 0) || (left < right ? -1 : 1);
  });
}

function numberOf({ binlog }: DatedLog): number {
  return parseBinlogName(binlog)?.number ?? 0;
}

/** One of several logs to choose from, under the name that is `shown`, as a line. */
export function describeLog(shown: string, { timeCreated }: Pick<DatedLog, 'timeCreated'>): string {
  return `  ${shown}${timeCreated === undefined ? '' : `  begun ${formatTime(timeCreated)}`}`;
}

/** A log by the name under which it is stored, where no status tells more. */
export function datedByName(stored: string): DatedLog {
  const { binlog, time } = splitStoredName(stored);
  return { binlog, timeCreated: time };
}
