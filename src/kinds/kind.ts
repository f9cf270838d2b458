import type { BinlogCopy } from '../copies/binlog-copy.ts';
import type { Media } from '../copies/key.ts';
import type { RunType } from '../copies/run-type.ts';
import type { WrittenCopy } from '../copies/writer.ts';
import type { Destination } from '../destinations/destination.ts';
import type { Log } from '../log.ts';
import type { MeasuredCopy } from '../retention/find-shrinkage.ts';
import type { DatedCopy } from '../retention/newest-first.ts';
import type { Decision } from '../retention/plan.ts';
import { type Attributes, type Status } from '../status/entries.ts';
import type { StatusFormat } from '../status/status-format.ts';
import type { StatusStore } from '../status/status-store.ts';
import { type AttributeTable, readProperties, toEntry, writeAttributes } from './attribute-table.ts';
import type { Examining } from './examination.ts';
import type { Role } from './found-copy.ts';
import { nextSerial } from './writer-fields.ts';

/** What copies of every kind have. */
export interface RecordedCopy extends WrittenCopy {
  readonly host: string;
  readonly sha256: string | undefined;
}

/** Adds to the attributes of a copy; as they are by default. */
export type Sign = (key: string, attributes: Attributes) => Attributes;

/** One of the places that keep copies of one kind, as retention sees it. */
export interface KeepingPlace {
  /** At the destination the newest copy stays whatever the retention says. */
  readonly role: Role;
  readonly destination: Destination;
  readonly status: StatusStore;
  /** How many copies are to stay. */
  readonly counts: Readonly<Record<RunType, number>>;
  /** Nothing is deleted here: what retention decides to remove stays until others remove it. */
  readonly appendOnly?: boolean;
  /** Whether the copies from before a source shrank expire as all do; absent: the newest of them stays. */
  readonly trustsShrinking?: boolean;
  /** The copies of binary logs there, which are replayed on copies of the server; absent: they are no matter. */
  readonly binlogs?: () => Promise<readonly BinlogCopy[]>;
  /** The other one of the two, where there are two. */
  readonly other: KeepingPlace | undefined;
}

/** One kind of copies: how they are stored in their status, and how `check` examines them. `kinds.ts` is the table of them. */
export interface Kind<C extends RecordedCopy = RecordedCopy> extends Examining<C> {
  readonly media: Media;
  /** Its status at the destination, and below keep_local_path. */
  readonly formats: Readonly<Record<Role, StatusFormat>>;
  /**
   * The copies that a status lists. An entry that lacks what retention and restore need is left alone: nothing deletes it.
   */
  copies(status: Status): C[];
  /** What the status says of a copy. Throws a TwinDbError when the Python tool could not read it back. */
  attributes(copy: C): Attributes;
  /** `status` with the entry of a copy, which gets the next serial. Throws as `attributes`. */
  enter(status: Status, copy: C, sign?: Sign): Status;
  /** What retention decides in a place once a copy was made, which `status` has. */
  plan(status: Status, made: C, place: KeepingPlace, log: Log): Promise<readonly Decision<C>[]>;
  /** When a copy was made. */
  dated(copy: C): DatedCopy;
  /** The size of a complete copy; undefined for one that is not. */
  measured(copy: C): MeasuredCopy | undefined;
  /** What it means that copies are dated in the future. */
  readonly futureMeans: string;
}

type StoredAs<C extends RecordedCopy> = Pick<
  Kind<C>,
  'media' | 'formats' | 'copies' | 'attributes' | 'enter'
>;

interface StoreOptions<C extends RecordedCopy> extends Pick<Kind<C>, 'formats'> {
  readonly table: AttributeTable<Omit<C, 'key'>>;
  /** Throws a TwinDbError when the status must not get a copy. */
  readonly requireReadable: (copy: C) => void;
}

/** What a kind is as far as a table says how its copies are stored. */
export function storedAs<C extends RecordedCopy & { readonly runType?: RunType }>({
  formats,
  table,
  requireReadable,
}: StoreOptions<C>): StoredAs<C> {
  const { kind: media, layout } = formats.destination;
  const read = (runType: RunType | undefined, key: string, attributes: Attributes): C[] => {
    const entry = toEntry(key, attributes);
    if (entry?.parsed.media !== media || entry.parsed.runType !== runType) return [];
    const properties = readProperties(table, entry);
    return properties === undefined ? [] : [{ key, ...properties } as C];
  };
  const attributes = (copy: C): Attributes => {
    requireReadable(copy);
    return writeAttributes(table, copy);
  };
  return {
    media,
    formats,
    copies: (status) =>
      layout
        .lists(status)
        .flatMap(([runType, entries]) => Object.entries(entries).flatMap((each) => read(runType, ...each))),
    attributes,
    enter: (status, copy, sign = (_key, unsigned) => unsigned) =>
      layout.withEntry(
        status,
        copy.runType,
        copy.key,
        sign(copy.key, attributes({ ...copy, serial: nextSerial(status, layout) })),
      ),
  };
}
