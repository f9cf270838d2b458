import type { Gtid } from './gtid-state.ts';

/** The GTID of a transaction as its server writes it: `0-1-42`, `UUID:42`, `UUID:TAG:42`. */
export function formatGtid({ source, sequence }: Gtid): string {
  return `${source}${MARIADB_SOURCE.test(source) ? '-' : ':'}${sequence}`;
}

const MARIADB_SOURCE = /^\d+-\d+$/;
const MARIADB_GTID = /^(\d+)-(\d+)-(\d+)$/;

/** Numbers of one source, from `first` to `last`. */
interface GtidRange {
  /** DOMAIN-SERVER, UUID or UUID:TAG. */
  readonly source: string;
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * The ranges in a state or a position, as statuses and servers write it; what is in no such form is left out. A state of MariaDB names the
 * last number of each source only, so its ranges begin with 1.
 */
function readRanges(text: string): GtidRange[] {
  return text
    .toLowerCase()
    .replaceAll(/\s/g, '')
    .split(',')
    .flatMap((part) => {
      const [, domain, server, number] = MARIADB_GTID.exec(part) ?? [];
      if (number !== undefined) return [{ source: `${domain}-${server}`, first: 1n, last: BigInt(number) }];
      return readMysqlPart(part);
    });
}

/** `UUID:1-5:7:tag:1-3`. */
function readMysqlPart(part: string): GtidRange[] {
  const [uuid = '', ...rest] = part.split(':');
  let source = uuid;
  return rest.flatMap((each) => {
    const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(each) ?? [];
    if (first !== undefined) return [{ source, first: BigInt(first), last: BigInt(last ?? first) }];
    source = `${uuid}:${each}`;
    return [];
  });
}

/** Whether a transaction is among those of a state: `gtid_executed`, or MariaDB's `gtid_binlog_state`. */
export function hasGtid(state: string, gtid: string): boolean {
  const [wanted] = readRanges(gtid);
  return (
    wanted !== undefined &&
    readRanges(state).some(
      ({ source, first, last }) => source === wanted.source && first <= wanted.last && wanted.last <= last,
    )
  );
}

/** Whether data that are at a position hold a transaction. On MariaDB that has the last one of each domain, of whichever server. */
export function holdsGtid(position: string, gtid: string): boolean {
  const [, domain, , number] = MARIADB_GTID.exec(gtid) ?? [];
  if (domain === undefined || number === undefined) return hasGtid(position, gtid);
  return readRanges(position).some(
    ({ source, last }) => source.startsWith(`${domain}-`) && last >= BigInt(number),
  );
}

/** Whether a transaction is the last one of data that are at a position; false where several sources leave that open. */
export function endsWithGtid(position: string, gtid: string): boolean {
  const ranges = readRanges(position);
  const [wanted] = readRanges(gtid);
  const [only] = ranges;
  const isOne = new Set(ranges.map(({ source }) => source)).size === 1;
  return isOne && only?.source === wanted?.source && ranges.at(-1)?.last === wanted?.last;
}

/** Those that two states have of the source of a GTID: its nearest numbers. Undefined: neither has the source. */
export function nearestGtids(
  states: readonly string[],
  gtid: string,
): { readonly below: string | undefined; readonly above: string | undefined } | undefined {
  const [wanted] = readRanges(gtid);
  if (wanted === undefined) return undefined;
  const ranges = states.flatMap(readRanges).filter(({ source }) => source === wanted.source);
  if (ranges.length === 0) return undefined;
  const name = (sequence: bigint | undefined) =>
    sequence === undefined ? undefined : formatGtid({ source: wanted.source, sequence });
  const compare = (a: bigint, b: bigint) => Number(a > b) - Number(a < b);
  return {
    below: name(
      ranges
        .flatMap(({ last }) => (last < wanted.last ? [last] : []))
        .toSorted(compare)
        .at(-1),
    ),
    above: name(ranges.flatMap(({ first }) => (first > wanted.last ? [first] : [])).toSorted(compare)[0]),
  };
}

/** What a server is to be given once it has all transactions of a state: `gtid_slave_pos` on MariaDB has the last one of each domain only. */
export function positionOfState(state: string): string {
  const parts = state.split(',');
  if (!parts.every((part) => MARIADB_GTID.test(part))) return state;
  return [...new Map(parts.map((part) => [part.split('-')[0], part])).values()].join(',');
}
