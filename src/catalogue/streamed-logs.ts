import {
  parseStreamKey,
  type StreamedName,
  type StreamedPart,
  streamFolder,
} from '../copies/streamed-part.ts';
import type { Destination, ObjectInfo } from '../destinations/destination.ts';

/** A log that is stored in parts, by what is listed. */
export interface StreamedLog extends StreamedName {
  /** Of which server it is, by `ownerMark`; undefined where nothing says so. */
  readonly mark: string | undefined;
  /** Those that give the log from its beginning on when they are joined, in order. One may begin within the one before it. */
  readonly parts: readonly StreamedPart[];
  /** Up to where those parts give the log; 0 when there is none. */
  readonly end: number;
  /** All other parts: those that are of no use, as another one has all of theirs, and those behind a hole. */
  readonly rest: readonly StreamedPart[];
  /** All objects of the log, those above and that with the mark. */
  readonly keys: readonly string[];
  /** When the newest of them was written, in milliseconds since the epoch, by the destination's clock. */
  readonly modified: number;
}

/** The logs of a host that are stored in parts, in no particular order. */
export async function listStreamedLogs(
  destination: Pick<Destination, 'list'>,
  host: string,
): Promise<StreamedLog[]> {
  const objects: ObjectInfo[] = [];
  for await (const object of destination.list(streamFolder(host))) objects.push(object);
  return groupParts(host, objects);
}

/** The same by what is listed. What is no part is left out. */
export function groupParts(host: string, objects: readonly ObjectInfo[]): StreamedLog[] {
  const logs = new Map<
    string,
    { name: StreamedName; marks: string[]; parts: StreamedPart[]; all: ObjectInfo[] }
  >();
  for (const object of objects) {
    const parsed = parseStreamKey(host, object.key);
    if (parsed === undefined) continue;
    const { binlog, timeCreated } = parsed;
    const id = `${binlog}.${timeCreated}`;
    const log = logs.get(id) ?? { name: { binlog, timeCreated }, marks: [], parts: [], all: [] };
    logs.set(id, log);
    log.all.push(object);
    if (parsed.kind === 'owner') log.marks.push(parsed.mark);
    else log.parts.push({ key: object.key, from: parsed.from, to: parsed.to, size: object.size });
  }
  return [...logs.values()].map(({ name, marks, parts, all }) => ({
    ...name,
    // Two at once are a server whose data were moved, or two servers: either way it is not known.
    mark: marks.length === 1 ? marks[0] : undefined,
    ...joinParts(parts),
    keys: all.map(({ key }) => key),
    modified: Math.max(...all.map(({ modified }) => modified.getTime())),
  }));
}

/**
 * The parts that give a log from its beginning on. A follower that was killed or had a second one beside it leaves parts that overlap; all are
 * of one log, so their bytes are equal where they do. Of those that go on from where one is, the one that leads farthest is taken, of
 * two such the one that begins later, and then the first by name: so that each listing of the same parts joins the same ones.
 */
export function joinParts(parts: readonly StreamedPart[]): Pick<StreamedLog, 'parts' | 'end' | 'rest'> {
  // By where they begin, so that a long log takes no time that grows with the square of its parts.
  const byFrom = parts.toSorted((a, b) => a.from - b.from);
  const joined: StreamedPart[] = [];
  let [end, at] = [0, 0];
  let best: StreamedPart | undefined;
  for (;;) {
    for (; (byFrom[at]?.from ?? Number.POSITIVE_INFINITY) <= end; at += 1) best = farther(best, byFrom[at]);
    if (best === undefined || best.to <= end) break;
    joined.push(best);
    end = best.to;
  }
  const taken = new Set(joined);
  return { parts: joined, end, rest: byFrom.filter((part) => !taken.has(part)) };
}

function farther(best: StreamedPart | undefined, next: StreamedPart | undefined): StreamedPart | undefined {
  if (best === undefined || next === undefined) return best ?? next;
  if (next.to !== best.to) return next.to > best.to ? next : best;
  if (next.from !== best.from) return next.from > best.from ? next : best;
  return next.key < best.key ? next : best;
}
