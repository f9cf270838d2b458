import type { Destination } from '../destinations/destination.ts';
import { describeError } from '../errors.ts';
import type { Verdict } from '../integrity/judge.ts';
import type { FoundCopy, Role } from '../kinds/found-copy.ts';
import type { Kind, RecordedCopy } from '../kinds/kind.ts';
import type { Log, WarnLasting } from '../log.ts';
import type { Attributes, Status } from '../status/entries.ts';
import { StatusDamagedError } from '../status/envelope.ts';
import { openStatusStore } from '../status/status-store.ts';
import { type JudgeContext, judgeCopy } from './authenticate.ts';
import { type FoundCopies, listCopies } from './list-copies.ts';

/** What a catalogue has to know; the context of a job has all of it. */
export interface CatalogueContext extends JudgeContext {
  readonly destination: Destination;
  readonly local: Destination | undefined;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly warnLasting: WarnLasting;
  /** What tells this machine from others of its host name. */
  readonly machineId: () => string;
}

/** What the status says of an object, or why it says nothing; and whether the object may be used. */
export type Lookup<C> = { readonly verdict: Verdict } & (
  | { readonly record: C }
  | { readonly record: undefined; readonly reason: string }
);

/** A copy in one of the places, and what the status beside it says. */
export type KnownCopy<C> = FoundCopy & { readonly lookup: Lookup<C> };

/** The status of copies of one kind of one host in one place, as it was when it was read. */
export interface ReadStatus<C> {
  /** What made reading it fail; undefined: it could be read. */
  readonly failure: unknown;
  /** All copies that it lists and that are understood. */
  readonly copies: readonly C[];
  /** What it says of a copy of that place; undefined: it does not list it, or could not be read. */
  readonly attributesOf: (copy: FoundCopy) => Attributes | undefined;
  /** What is known of a copy of that place by it. Throws a ConfigError when the keys of this machine cannot be read. */
  readonly lookUp: (copy: FoundCopy) => Lookup<C>;
}

/**
 * Which copies there are, at the destination and below keep_local_path, and what the statuses beside them say. It reads each status and makes each
 * listing once, so it is for one job that changes none. `findCopy`, `findBinlogs` and `findMysqlChain` find copies in it.
 */
export interface Catalogue {
  readonly context: CatalogueContext;
  /** The copies whose keys begin with `prefix`, all by default; see `listCopies`. */
  readonly list: (prefix?: string) => Promise<FoundCopies>;
  /**
   * The copies of a host, without a look at what others have there, so that it takes no longer the more there are. All copies when the destination has nothing
   * of that host, or its folder cannot be listed.
   */
  readonly listHost: (host: string) => Promise<FoundCopies>;
  /** Throws only when the signal comes. */
  readonly status: <C extends RecordedCopy>(
    place: Role,
    host: string,
    kind: Kind<C>,
  ) => Promise<ReadStatus<C>>;
  /** Looks copies of a kind up in the statuses beside them. Throws as `status`, and as `ReadStatus.lookUp`. */
  readonly lookUp: <C extends RecordedCopy>(
    copies: readonly FoundCopy[],
    kind: Kind<C>,
  ) => Promise<KnownCopy<C>[]>;
}

/** Nothing is read yet. */
export function openCatalogue(context: CatalogueContext): Catalogue {
  const statuses = new Map<string, Promise<ReadStatus<RecordedCopy>>>();
  const status: Catalogue['status'] = <C extends RecordedCopy>(place: Role, host: string, kind: Kind<C>) => {
    const id = [place, kind.media, host].join('/');
    const read =
      (statuses.get(id) as Promise<ReadStatus<C>> | undefined) ?? readStatus(place, host, kind, context);
    statuses.set(id, read);
    return read;
  };
  const listings = new Map<string, Promise<FoundCopies>>();
  const list: Catalogue['list'] = (prefix = '') => {
    const found = listings.get(prefix) ?? listCopies(context, prefix);
    listings.set(prefix, found);
    return found;
  };
  return {
    context,
    list,
    async listHost(host) {
      // Of a folder that may not be entered only the listing of all shows that it is one.
      const own = await list(`${host}/`).catch(() => context.signal.throwIfAborted());
      return own && (own.failure !== undefined || own.storedHosts.has(host)) ? own : await list();
    },
    status,
    async lookUp(copies, kind) {
      const known = [];
      for (const copy of copies) {
        const beside = await status(copy.place, copy.parsed.host, kind);
        known.push({ ...copy, lookup: beside.lookUp(copy) });
      }
      return known;
    },
  };
}

async function readStatus<C extends RecordedCopy>(
  place: Role,
  host: string,
  kind: Kind<C>,
  context: CatalogueContext,
): Promise<ReadStatus<C>> {
  const format = kind.formats[place];
  try {
    const { status } = await openStatusStore(placeOf(place, context), host, format, context).read();
    return understood(status, kind, place, context);
  } catch (failure) {
    context.signal.throwIfAborted();
    const unreadable = describeUnreadable(failure);
    return {
      failure,
      copies: [],
      attributesOf: () => undefined,
      lookUp: (copy) => ({
        verdict: judgeCopy(copy, format, { attributes: undefined, unreadable }, context),
        record: undefined,
        reason: unreadable,
      }),
    };
  }
}

function placeOf(place: Role, { destination, local }: CatalogueContext): Destination {
  return place === 'local' ? (local ?? destination) : destination;
}

/** Why a status says nothing, in few words. */
export function describeUnreadable(failure: unknown): string {
  return failure instanceof StatusDamagedError ? 'its status is damaged' : describeError(failure);
}

function understood<C extends RecordedCopy>(
  status: Status,
  kind: Kind<C>,
  place: Role,
  context: CatalogueContext,
): ReadStatus<C> {
  const format = kind.formats[place];
  const copies = kind.copies(status);
  const records = new Map(copies.map((copy) => [copy.key, copy]));
  const entries = new Map(format.entries(status));
  const attributesOf = ({ object }: FoundCopy) => entries.get(format.keyOf(object.key));
  return {
    failure: undefined,
    copies,
    attributesOf,
    lookUp(copy) {
      const attributes = attributesOf(copy);
      const verdict = judgeCopy(copy, format, { attributes }, context);
      const record = records.get(format.keyOf(copy.object.key));
      if (record !== undefined) return { verdict, record };
      const reason = attributes === undefined ? 'no status lists it' : 'its entry cannot be understood';
      return { verdict, record, reason };
    },
  };
}
