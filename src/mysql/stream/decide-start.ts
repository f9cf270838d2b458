import { parseBinlogName } from '../../copies/binlog-copy.ts';
import type { StreamedName } from '../../copies/streamed-part.ts';
import type { LogPlace } from './log-events.ts';

/** A log that is stored in parts. */
interface StoredLog extends StreamedName {
  /** Of which server it is, by `ownerMark`; undefined where nothing says so. */
  readonly mark: string | undefined;
  /** Up to where it is stored without a hole. */
  readonly end: number;
}

/** A log that the server has; the last one is being written. */
export interface PresentLog {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** By its header; only needed where something of this name is stored. */
  readonly timeCreated: number | undefined;
}

/** Where to follow a server from, and what is to be said of it. */
export type Start = {
  readonly from: LogPlace;
} & (
  | { readonly kind: 'first' }
  /** Right behind what is stored. */
  | { readonly kind: 'continued' }
  /** More of a log is stored than the server has: what it lost when it died, or what was put back. */
  | { readonly kind: 'shorter'; readonly log: PresentLog; readonly stored: number }
  /** The log being written is such a one: the server has to begin another one first. */
  | { readonly kind: 'rewritten'; readonly log: PresentLog; readonly stored: number }
  /** The server has deleted logs that are stored up to `end` or, where that is undefined, not at all. */
  | { readonly kind: 'purged'; readonly after: string; readonly end: number | undefined }
  /** The server has begun its names again. */
  | { readonly kind: 'reset'; readonly after: string }
  /** What is stored is of another server. */
  | { readonly kind: 'other-server'; readonly after: string }
);

interface StartInput {
  /** At least one, the oldest first. */
  readonly present: readonly [PresentLog, ...PresentLog[]];
  /** Those of the host, also of other servers. */
  readonly streamed: readonly StoredLog[];
  /** The complete logs that the status lists, of this server. */
  readonly sealed: readonly StreamedName[];
  /** `ownerMark` of this server. */
  readonly mark: string;
}

/** Where to follow a server from, by what is stored alone. */
export function decideStart({ present, streamed, sealed, mark }: StartInput): Start {
  const own = streamed.filter((log) => log.mark === mark || log.mark === undefined);
  for (let index = present.length - 1; index >= 0; index -= 1) {
    const log = present[index];
    if (log === undefined) break;
    const isThis = (stored: StreamedName) =>
      stored.binlog === log.name && stored.timeCreated === log.timeCreated;
    const next = present[index + 1];
    if (sealed.some(isThis) && next !== undefined) return { kind: 'continued', from: beginningOf(next) };
    const parts = own.find(isThis);
    if (parts === undefined) continue;
    const { end: stored, timeCreated } = parts;
    if (stored > log.size) {
      return next === undefined
        ? { kind: 'rewritten', log, stored, from: beginningOf(log) }
        : { kind: 'shorter', log, stored, from: beginningOf(next) };
    }
    return { kind: 'continued', from: { binlog: log.name, position: stored, timeCreated } };
  }
  return relate(present, own, streamed, sealed);
}

/** The names of the server's logs of which something is stored under this name, the newest first: only these need their time. */
export function namesToDate(
  present: readonly Pick<PresentLog, 'name'>[],
  stored: readonly StreamedName[],
): string[] {
  const names = new Set(stored.map(({ binlog }) => binlog));
  return present
    .map(({ name }) => name)
    .filter((name) => names.has(name))
    .toReversed();
}

function beginningOf({ name, timeCreated }: PresentLog): LogPlace {
  return { binlog: name, position: 0, timeCreated };
}

/** Why nothing that the server has is stored, and where to begin then. */
function relate(
  present: StartInput['present'],
  own: readonly StoredLog[],
  streamed: readonly StoredLog[],
  sealed: readonly StreamedName[],
): Start {
  const from = beginningOf(present.at(-1) ?? present[0]);
  const complete = newest(sealed);
  const last = newest<StreamedName>([...own, ...sealed]);
  if (last === undefined) {
    const other = newest(streamed);
    return other === undefined
      ? { kind: 'first', from }
      : { kind: 'other-server', after: other.binlog, from };
  }
  const [stored, first] = [parseBinlogName(last.binlog), parseBinlogName(present[0].name)];
  if (stored === undefined || first === undefined) return { kind: 'first', from };
  const after = last.binlog;
  if (stored.base !== first.base || first.number <= stored.number) return { kind: 'reset', after, from };
  if (last === complete && first.number === stored.number + 1)
    return { kind: 'continued', from: beginningOf(present[0]) };
  return { kind: 'purged', after, end: own.find((log) => log === last)?.end, from };
}

/** By the time of its header; of one time by its number. */
function newest<L extends StreamedName>(logs: readonly L[]): L | undefined {
  const numberOf = ({ binlog }: L) => parseBinlogName(binlog)?.number ?? 0;
  return logs.toSorted((a, b) => a.timeCreated - b.timeCreated || numberOf(a) - numberOf(b)).at(-1);
}

/** What to tell the operator; undefined for what is as it should be. Whatever may have lost changes is a warning. */
export function describeStart(
  start: Start,
): { readonly level: 'info' | 'warn'; readonly message: string } | undefined {
  const { binlog, position } = start.from;
  const where = `Following the server's binary logs from ${binlog}, position ${position}`;
  switch (start.kind) {
    case 'first':
      return { level: 'info', message: `${where}: nothing is stored of them yet` };
    case 'continued':
      return { level: 'info', message: where };
    case 'shorter':
    case 'rewritten':
      return {
        level: 'warn',
        message:
          `The server has ${start.log.size} bytes of ${start.log.name}, of which ${start.stored} are stored: it died before these transactions ` +
          'were on its disk (sync_binlog is not 1), or its data were put back to an earlier state. The parts behind that position are ' +
          `kept until expire_log_days, and no restore uses them once the log is stored as a whole. ${where}`,
      };
    case 'purged':
      return {
        level: 'warn',
        message:
          start.end === undefined
            ? `The server has purged logs behind ${start.after} that were not stored: no point in time between that log and the next full or incremental copy can be restored. ${where}`
            : `The server has purged ${start.after}, of which only the beginning is stored, up to ${start.end}: no point in time between that and the next full or incremental copy can be restored. ${where}`,
      };
    case 'reset':
      return {
        level: 'warn',
        message: `The server's binary logs began anew after ${start.after} (RESET MASTER, or another log_bin): what it wrote last into that log may not be stored. ${where}`,
      };
    case 'other-server':
      return {
        level: 'warn',
        message: `The logs that are stored in parts so far, up to ${start.after}, are of another server. ${where}`,
      };
  }
}
