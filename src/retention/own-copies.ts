import type { Writer, WrittenCopy } from '../copies/writer.ts';

/** The copies of one status, as one of its writers sees them. */
export interface OwnCopies<C> {
  /** The writer's own, those of its past, and those without an ID. */
  readonly ours: readonly C[];
  /** Those of other machines and servers that are backed up under the same host name. */
  readonly others: readonly C[];
}

/**
 * Tells the copies of a writer from those of others with the same host name. Who has written since our first copy that is listed is
 * another machine, or another server: all its copies are. Who has been silent since then is our own past: this machine before it was
 * installed again, this server before it was restored or moved. What has no ID was made by the Python tool, or before there were any,
 * and is ours.
 */
export function tellApart<C extends WrittenCopy>(copies: readonly C[], us: Writer): OwnCopies<C> {
  const own = copies.filter((copy) => isBy(copy, us));
  const first = own.reduce((least, { serial = 0 }) => Math.min(least, serial), Number.POSITIVE_INFINITY);
  const alternating = copies.filter(
    (copy) => own.length > 0 && isForeign(copy, us) && (copy.serial ?? first) >= first,
  );
  const machines = new Set(alternating.map(({ machineId }) => machineId).filter((id) => id !== us.machineId));
  const servers = new Set(alternating.map(({ server }) => server).filter((id) => id !== us.server));
  servers.delete(undefined);
  const isOthers = (copy: C): boolean =>
    isForeign(copy, us) && (machines.has(copy.machineId) || servers.has(copy.server));
  return {
    ours: copies.filter((copy) => !isOthers(copy)),
    others: copies.filter(isOthers),
  };
}

/** The copies of our past: those with other IDs of whom nothing shows that they are somebody else's. */
export function findPast<C extends WrittenCopy>({ ours }: OwnCopies<C>, us: Writer): C[] {
  return ours.filter((copy) => isForeign(copy, us));
}

/** Whether the status shows that this writer has added copies before. */
export function hasWritten(copies: readonly WrittenCopy[], us: Writer): boolean {
  return copies.some((copy) => isBy(copy, us));
}

/**
 * The copies that an incremental one of this writer may continue: its own, and those without an ID. Not those of its past: a cloned
 * machine has the same data up to some moment, and no first run can tell a clone from a machine that was installed again.
 */
export function findContinuable<C extends WrittenCopy>(copies: readonly C[], us: Writer): C[] {
  return copies.filter((copy) => !isForeign(copy, us));
}

interface Expiring<C> {
  /** Copies of one unit push each other out: those of one directory and run type, say. */
  readonly unitOf: (copy: C) => string;
  /** Whether this run has made it; absent: the run before has made the last one of each unit, and none has come since. */
  readonly isJustMade?: (copy: C) => boolean;
}

/**
 * The copies that retention counts and may remove. Where others have been at work, the first run of a writer removes nothing of a
 * unit: only what comes after it shows whether they are still there.
 */
export function findExpirable<C extends WrittenCopy>(
  copies: readonly C[],
  us: Writer,
  { unitOf, isJustMade = findLast(copies, us, unitOf) }: Expiring<C>,
): C[] {
  const { ours } = tellApart(copies, us);
  if (!copies.some((copy) => isForeign(copy, us))) return [...ours];
  const begun = new Set(ours.filter((copy) => isBy(copy, us) && !isJustMade(copy)).map(unitOf));
  return ours.filter((copy) => isBy(copy, us) || begun.has(unitOf(copy)));
}

/** Which copy of each unit this writer has added last. */
function findLast<C extends WrittenCopy>(
  copies: readonly C[],
  us: Writer,
  unitOf: (copy: C) => string,
): (copy: C) => boolean {
  const last = new Map<string, C>();
  for (const copy of copies.filter((each) => isBy(each, us))) {
    if ((last.get(unitOf(copy))?.serial ?? 0) <= (copy.serial ?? 0)) last.set(unitOf(copy), copy);
  }
  return (copy) => last.get(unitOf(copy)) === copy;
}

/** Whether the entry says that this writer made the copy. A server that is not known is none of the others. */
function isBy(copy: WrittenCopy, us: Writer): boolean {
  return copy.machineId !== undefined && !isForeign(copy, us);
}

/** Whether the entry says that another one made the copy. */
function isForeign({ machineId, server }: WrittenCopy, us: Writer): boolean {
  if (machineId === undefined) return false;
  if (machineId !== us.machineId) return true;
  return server !== undefined && us.server !== undefined && server !== us.server;
}
