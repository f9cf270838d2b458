import type { CopyType } from '../copies/mysql-copy.ts';
import { RUN_TYPES, type RunType } from '../copies/run-type.ts';
import { compareNewestFirst, type DatedCopy } from './newest-first.ts';
import { type Decision, planRetention } from './plan.ts';

/** What the policy needs to know of a copy that may need another one to be restored. */
export interface ChainedCopy extends DatedCopy {
  readonly runType: RunType;
  readonly type: CopyType;
  /** Key of the copy that an incremental one continues. */
  readonly parent: string | undefined;
}

export interface ChainPolicy {
  /** How many copies of each run type to keep, newest first. */
  readonly counts: Readonly<Record<RunType, number>>;
  /** Keep the newest copy that can be restored even with counts of 0. */
  readonly alwaysKeepNewest: boolean;
  /** Seconds since the epoch. */
  readonly now: number;
  /** Copies about which nothing is decided here, such as those in another place, in the form that parents have; a chain may go through them. */
  readonly elsewhere?: ReadonlySet<string>;
  /** Keys of copies that must stay for another cause, and that cause. Those that are not listed don't matter. */
  readonly needed?: ReadonlyMap<string, string>;
}

/**
 * Decides about the copies of one host in one place, over all run types at once: a copy is removed only when the count
 * of its run type says so and no chain of a kept copy goes through it. Copies that can't be restored, as their parent is
 * gone, take no room from those that can. The decisions come back newest first.
 */
export function planChains<C extends ChainedCopy>(copies: readonly C[], policy: ChainPolicy): Decision<C>[] {
  const byKey = new Map(copies.map((copy) => [copy.key, copy]));
  const restorable = new Set(copies.filter((copy) => isRestorable(copy, byKey, policy.elsewhere)));
  const counted = RUN_TYPES.flatMap((runType) => planRunType(copies, restorable, runType, policy));

  const byAge = newestFirst(policy.now);
  const ordered = counted.toSorted((a, b) => byAge(a.copy, b.copy));
  const newest = ordered.find(({ copy }) => restorable.has(copy));
  if (policy.alwaysKeepNewest && newest && !newest.keep) {
    const reason = `${newest.reason}, but the newest copy that can be restored always stays`;
    ordered[ordered.indexOf(newest)] = { ...newest, keep: true, reason };
  }
  const needs = findNeeds(ordered, byKey, policy.needed ?? new Map());
  return ordered.map((decision) => {
    const need = decision.keep ? undefined : needs.get(decision.copy.key);
    return need === undefined ? decision : { ...decision, keep: true, reason: need };
  });
}

/** What the count of one run type says. */
function planRunType<C extends ChainedCopy>(
  copies: readonly C[],
  restorable: ReadonlySet<C>,
  runType: RunType,
  { counts, now }: ChainPolicy,
): Decision<C>[] {
  const ofType = copies.filter((copy) => copy.runType === runType);
  const policy = { count: counts[runType], alwaysKeepNewest: false, now };
  const orphans = planRetention(ofType, policy).filter(({ copy }) => !restorable.has(copy));
  return [
    ...planRetention(
      ofType.filter((copy) => restorable.has(copy)),
      policy,
    ),
    ...orphans.map((decision) => ({
      ...decision,
      reason: `${decision.reason}; cannot be restored without ${decision.copy.parent ?? 'a parent'}, which is gone`,
    })),
  ];
}

/** Whether the copy and all that it continues are there. */
function isRestorable<C extends ChainedCopy>(
  copy: C,
  byKey: ReadonlyMap<string, C>,
  elsewhere: ReadonlySet<string> = new Set(),
): boolean {
  const oldest = [copy, ...ancestorsOf(copy, byKey)].at(-1);
  return oldest?.type === 'full' || (oldest?.parent !== undefined && elsewhere.has(oldest.parent));
}

/** The listed copies that `copy` continues, the nearest first. */
function ancestorsOf<C extends ChainedCopy>(copy: C, byKey: ReadonlyMap<string, C>): C[] {
  const chain: C[] = [copy];
  for (;;) {
    const last = chain.at(-1);
    const parent = last?.type === 'full' || last?.parent === undefined ? undefined : byKey.get(last.parent);
    // A status that goes round in a circle must not take us along.
    if (parent === undefined || chain.includes(parent)) return chain.slice(1);
    chain.push(parent);
  }
}

/** For each copy that is needed, why. */
function findNeeds<C extends ChainedCopy>(
  decisions: readonly Decision<C>[],
  byKey: ReadonlyMap<string, C>,
  neededByOthers: ReadonlyMap<string, string>,
): Map<string, string> {
  const needs = new Map<string, string>();
  const note = (copy: C, reason: string) => {
    if (!needs.has(copy.key)) needs.set(copy.key, reason);
  };
  for (const [key, cause] of neededByOthers) {
    const copy = byKey.get(key);
    if (copy === undefined) continue;
    note(copy, cause);
    for (const ancestor of ancestorsOf(copy, byKey)) note(ancestor, `${key} needs it`);
  }
  for (const { copy } of decisions.filter(({ keep }) => keep)) {
    for (const ancestor of ancestorsOf(copy, byKey)) note(ancestor, `${copy.key} needs it`);
  }
  return needs;
}

/** Of two copies of one second the incremental one is the newer: it continues the other. */
function newestFirst(now: number): (a: ChainedCopy, b: ChainedCopy) => number {
  const byAge = compareNewestFirst(now);
  return (a, b) => {
    const byType = Number(a.type === 'full') - Number(b.type === 'full');
    return a.backupStarted === b.backupStarted && byType !== 0 ? byType : byAge(a, b);
  };
}

/** The parents that copies name which are not among them: another place has them, or nobody. */
export function parentsNotListed(copies: readonly ChainedCopy[]): string[] {
  const keys = new Set(copies.map(({ key }) => key));
  return copies.flatMap(({ type, parent }) =>
    type === 'incremental' && parent !== undefined && !keys.has(parent) ? [parent] : [],
  );
}
