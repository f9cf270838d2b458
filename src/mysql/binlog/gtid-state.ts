import { VarintReader } from './varint-reader.ts';

/** A GTID: `source` is DOMAIN-SERVER on MariaDB, UUID or UUID:TAG on MySQL. */
export interface Gtid {
  readonly source: string;
  readonly sequence: bigint;
}

/** All transactions up to a place in a binary log. */
export interface GtidState {
  add(gtid: Gtid): void;
  /** As the server writes it, without blanks. */
  toString(): string;
}

/** Few servers have more than ten; what has more is not worth its room in the status of each log. */
const MAX_PARTS = 500;

/** A state has more parts than are kept. */
export class TooManyPartsError extends RangeError {
  override readonly name = 'TooManyPartsError';
}

function limitParts(count: number): void {
  if (count > MAX_PARTS) throw new TooManyPartsError(`its GTID state has more than ${MAX_PARTS} parts`);
}

/** UUID from its 16 bytes. */
export function formatUuid(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The state in the body of a Gtid_list event of MariaDB: the last of each domain is the last one in its domain. */
export function readGtidList(body: Buffer): GtidState {
  const state = new MariadbState();
  // The upper bits of the count are flags.
  const count = body.readUInt32LE(0) & 0x0f_ff_ff_ff;
  for (let index = 0, offset = 4; index < count; index += 1, offset += 16) {
    const source = `${body.readUInt32LE(offset)}-${body.readUInt32LE(offset + 4)}`;
    state.add({ source, sequence: body.readBigUInt64LE(offset + 8) });
  }
  return state;
}

class MariadbState implements GtidState {
  /** By source, the one added last at the end. */
  readonly #sequences = new Map<string, bigint>();

  add({ source, sequence }: Gtid): void {
    this.#sequences.delete(source);
    this.#sequences.set(source, sequence);
    limitParts(this.#sequences.size);
  }

  /** By domain and server, but for the last one of each domain, which follows the others. */
  toString(): string {
    const all = [...this.#sequences].map(([source, sequence]) => {
      const [domain = 0, server = 0] = source.split('-').map(Number);
      return { domain, server, text: `${source}-${sequence}` };
    });
    const lasts = new Set(new Map(all.map((each) => [each.domain, each])).values());
    return all
      .toSorted(
        (a, b) => a.domain - b.domain || Number(lasts.has(a)) - Number(lasts.has(b)) || a.server - b.server,
      )
      .map(({ text }) => text)
      .join(',');
  }
}

/** The set in the body of a Previous_gtids event of MySQL. Since 8.3 one with tags has another form, which its first number tells. */
export function readPreviousGtids(body: Buffer): GtidState {
  const head = body.readBigUInt64LE(0);
  const isTagged = head >> 56n === 1n;
  const count = isTagged ? (head >> 8n) & 0xff_ff_ff_ff_ffn : head;
  const reader = new VarintReader(body, 8);
  const state = new MysqlState();
  for (let index = 0n; index < count; index += 1n) {
    const uuid = formatUuid(reader.take(16));
    const tag = isTagged ? reader.text() : '';
    const intervals = reader.take(8).readBigUInt64LE();
    for (let number = 0n; number < intervals; number += 1n) {
      const interval = reader.take(16);
      state.append(joinTag(uuid, tag), {
        start: interval.readBigUInt64LE(0),
        end: interval.readBigUInt64LE(8),
      });
    }
  }
  return state;
}

export function joinTag(uuid: string, tag: string): string {
  return tag === '' ? uuid : `${uuid}:${tag}`;
}

/** Numbers from `start` up to, but not including, `end`. */
interface Interval {
  readonly start: bigint;
  readonly end: bigint;
}

class MysqlState implements GtidState {
  readonly #intervals = new Map<string, Interval[]>();
  #parts = 0;

  /** Adds an interval behind all others of its source. */
  append(source: string, interval: Interval): void {
    this.#of(source).push(interval);
    this.#count(1);
  }

  add({ source, sequence }: Gtid): void {
    const intervals = this.#of(source);
    const at = intervals.findLastIndex(({ start }) => start <= sequence);
    const [before, after] = [intervals[at], intervals[at + 1]];
    if (before !== undefined && before.end > sequence) return;
    const joinsBefore = before?.end === sequence;
    const joinsAfter = after?.start === sequence + 1n;
    const joined = {
      start: joinsBefore ? before.start : sequence,
      end: joinsAfter ? after.end : sequence + 1n,
    };
    const replaced = Number(joinsBefore) + Number(joinsAfter);
    intervals.splice(joinsBefore ? at : at + 1, replaced, joined);
    this.#count(1 - replaced);
  }

  /** `UUID:1-5:7:tag:1-3,UUID:…`, in order of the UUIDs and, behind what has none, of the tags. */
  toString(): string {
    const byUuid = new Map<string, string>();
    // A UUID comes before itself with a tag.
    for (const [source, intervals] of [...this.#intervals].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      const [uuid = '', tag] = source.split(':');
      const known = byUuid.get(uuid);
      const head = known === undefined ? source : joinTag(known, tag ?? '');
      byUuid.set(uuid, [head, ...intervals.map(formatInterval)].join(':'));
    }
    return [...byUuid.values()].join(',');
  }

  #of(source: string): Interval[] {
    const known = this.#intervals.get(source);
    if (known !== undefined) return known;
    const intervals: Interval[] = [];
    this.#intervals.set(source, intervals);
    return intervals;
  }

  #count(more: number): void {
    this.#parts += more;
    limitParts(this.#parts);
  }
}

function formatInterval({ start, end }: Interval): string {
  return end === start + 1n ? `${start}` : `${start}-${end - 1n}`;
}
