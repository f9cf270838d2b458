import { MOST_AT_ONCE } from '../../at-once.ts';
import type { FoundCopies } from '../../catalogue/list-copies.ts';
import { MEDIA, type Media } from '../../copies/key.ts';
import type { Surroundings } from '../../kinds/examination.ts';
import type { FoundCopy, Role } from '../../kinds/found-copy.ts';
import { openKind } from '../../kinds/kinds.ts';
import type { JobContext } from '../job-context.ts';
import { openPlaces } from '../record/open-places.ts';
import { type CopyPlace, listPlaces } from '../record/record-copy.ts';
import type { CheckedGroup } from './checked-copy.ts';

/** Hosts whose statuses are read, of each kind, while the first of them is checked. */
const HOSTS_AHEAD = Math.ceil(MOST_AT_ONCE / MEDIA.length);

/** The copies of one kind of one host in one place. */
export type Group = Omit<CheckedGroup, 'isWanted' | 'isRead'>;

interface GroupOptions {
  readonly hosts: readonly string[];
  /** Undefined: all kinds. */
  readonly media: Media | undefined;
  readonly isThere: Surroundings['isThere'];
}

/**
 * The copies that were found, and the places that have a status without any, host by host, by kind and by place: the destination first, as a local
 * incremental copy may continue a full one that is only there. The statuses of the hosts that follow are read meanwhile.
 */
export async function* groupCopies(
  found: FoundCopies,
  { hosts, media, isThere }: GroupOptions,
  context: JobContext,
): AsyncGenerator<Group, void, void> {
  const copiesOf = sortCopies(found);
  const begin = async (host: string): Promise<Group[]> => {
    const places = await openPlaces({ ...context, host });
    const groups: Group[] = [];
    for (const each of MEDIA.filter((one) => media === undefined || one === media)) {
      const kind = await openKind(each);
      const { destination } = places[each];
      const readDestination = async () => (await destination.status.read()).status;
      for (const store of listPlaces(places[each])) {
        const copies = copiesOf(store.role, host, each);
        const isEmpty = copies.length === 0 && !mayHaveStatus(found, store, host);
        if (isEmpty || (store.role === 'destination' && found.failure !== undefined)) continue;
        const stored = unwaited(store.status.read());
        groups.push({ host, kind, store, stored, copies, surroundings: { readDestination, isThere } });
      }
    }
    return groups;
  };
  const begun: Promise<Group[]>[] = [];
  let next = 0;
  for (;;) {
    for (; begun.length < HOSTS_AHEAD && next < hosts.length; next++)
      begun.push(unwaited(begin(hosts[next] ?? '')));
    const groups = begun.shift();
    if (groups === undefined) return;
    yield* await groups;
  }
}

/** What is not listed is not asked for: most hosts have statuses of one kind. */
function mayHaveStatus(
  { hasStatus, closed }: FoundCopies,
  { role, format }: CopyPlace,
  host: string,
): boolean {
  return (
    hasStatus(role, host, format.name) || (role === 'destination' && closed.mayHold(`${host}/${format.name}`))
  );
}

/** It may fail before it is waited for. */
function unwaited<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** In one pass: one for each host takes a minute where there are a thousand. */
function sortCopies({ copies }: FoundCopies) {
  const groups = new Map<string, FoundCopy[]>();
  const idOf = (place: Role, host: string, media: Media) => [place, media, host].join('/');
  for (const copy of copies) {
    const id = idOf(copy.place, copy.parsed.host, copy.parsed.media);
    const group = groups.get(id);
    if (group) group.push(copy);
    else groups.set(id, [copy]);
  }
  return (...which: Parameters<typeof idOf>): readonly FoundCopy[] => groups.get(idOf(...which)) ?? [];
}
