import type { RunType } from '../copies/run-type.ts';
import type { Attributes } from './entries.ts';
import type { StatusFormat } from './status-format.ts';
import type { StoredStatus } from './status-store.ts';

/** What this run has changed in a status. A run without a common lock may have written what it had read before that. */
export interface OwnChanges {
  /** Remembers a change that was written. */
  note(before: StoredStatus, after: StoredStatus): void;
  /**
   * `stored` with what this run has added and another one has left out, and without the copies that this run has deleted and another one lists
   * again; `stored` itself when nothing differs. An entry whose copy another run has expired is not missing: `isThere` tells whether
   * the object of a copy is.
   */
  complete(stored: StoredStatus, isThere: (key: string) => Promise<boolean>): Promise<StoredStatus>;
  readonly isEmpty: () => boolean;
}

/** Nothing is remembered yet. */
export function rememberChanges(format: StatusFormat): OwnChanges {
  const entries = new Map<
    string,
    { readonly runType: RunType | undefined; readonly attributes: Attributes }
  >();
  const deletions = new Set<string>();
  /** Objects that this run has deleted. */
  const deleted = new Set<string>();
  const listed = (stored: StoredStatus) => new Map(listOf(format, stored));
  return {
    note(before, after) {
      const [had, has] = [listed(before), listed(after)];
      for (const key of had.keys()) if (!has.has(key)) entries.delete(key);
      for (const [key, entry] of has) if (!had.has(key)) entries.set(key, entry);
      const [ordered, orders] = [new Set(before.deletions), new Set(after.deletions)];
      for (const key of ordered) {
        if (orders.has(key)) continue;
        deletions.delete(key);
        deleted.add(key);
      }
      for (const key of orders) if (!ordered.has(key)) deletions.add(key);
    },
    async complete(stored, isThere) {
      const has = listed(stored);
      const expired = new Set(stored.deletions.map((object) => format.keyOf(object)));
      let { status } = stored;
      for (const [key, { runType, attributes }] of entries) {
        if (has.has(key)) continue;
        if (expired.has(key) || !(await isThere(key))) entries.delete(key);
        else status = format.layout.withEntry(status, runType, key, attributes);
      }
      for (const object of deleted) {
        const key = format.keyOf(object);
        if (format.ownsObject(status, object) && !(await isThere(key)))
          status = format.withoutKeys(status, [key]);
      }
      const ordered = new Set(stored.deletions);
      const forgotten = [...deletions].filter((key) => !ordered.has(key) && !format.ownsObject(status, key));
      if (status === stored.status && forgotten.length === 0) return stored;
      return { ...stored, status, deletions: [...stored.deletions, ...forgotten] };
    },
    isEmpty: () => entries.size + deletions.size + deleted.size === 0,
  };
}

function listOf(format: StatusFormat, { status }: StoredStatus) {
  return format.layout
    .lists(status)
    .flatMap(([runType, entries]) =>
      Object.entries(entries).map(([key, attributes]) => [key, { runType, attributes }] as const),
    );
}
