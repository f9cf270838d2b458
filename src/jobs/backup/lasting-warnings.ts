import { createHash } from 'node:crypto';
import type { ToldWarnings } from '../../status/told-warnings.ts';
import type { OutgrownSizes } from '../job-context.ts';

/** How long the same warning is not repeated, in seconds. */
const REPEAT_SECONDS = 7 * 24 * 3600;

/** The lasting states of a run, beside what earlier runs said of theirs. */
export interface LastingWarnings {
  /**
   * Whether it is time to say it: the state is new, its message is another one, or a week has passed. `essence` stands for a message
   * that counts what changes all the time.
   */
  isDue(state: string, message: string, essence?: string): boolean;
  /** How large copies became that their destination could not hold; remembered until one is stored. */
  readonly outgrown: OutgrownSizes;
  /** What to remember for the next run; undefined when that is what was remembered already. */
  remember(options: { readonly complete: boolean }): ToldWarnings | undefined;
}

/**
 * Decides which warnings of lasting states a run gives. `told` is what earlier runs remembered, `now` seconds since the epoch.
 * `complete` in `remember`: the run looked at everything, so that a state it did not warn of has ended.
 */
export function recallWarnings(told: ToldWarnings, now: number): LastingWarnings {
  const current = new Map<string, ToldWarnings[string]>();
  let hasNews = false;
  const sizes = new Map(Object.entries(told).filter(([, { bytes }]) => bytes !== undefined));
  return {
    outgrown: {
      reached: (title) => sizes.get(outgrownState(title))?.bytes,
      note(title, bytes) {
        hasNews = true;
        if (bytes === undefined) sizes.delete(outgrownState(title));
        else sizes.set(outgrownState(title), { at: now, digest: '', bytes });
      },
    },
    isDue(state, message, essence = message) {
      const digest = createHash('sha256').update(essence).digest('hex').slice(0, 16);
      const before = current.get(state) ?? told[state];
      const age = now - (before?.at ?? 0);
      // A time from tomorrow silences nothing.
      const isKnown = before?.digest === digest && age >= 0 && age < REPEAT_SECONDS;
      current.set(state, isKnown ? before : { digest, at: now });
      hasNews ||= !isKnown;
      return !isKnown;
    },
    remember({ complete }) {
      const before = Object.entries(told).filter(([, { bytes }]) => bytes === undefined);
      const hasEnded = before.some(([state]) => !current.has(state));
      if (!hasNews && !(hasEnded && complete)) return undefined;
      return Object.fromEntries([...(complete ? [] : before), ...current, ...sizes]);
    },
  };
}

/** How long what another machine remembers is kept for it, in seconds: one that runs each month finds it again. */
const KEEP_SECONDS = 5 * REPEAT_SECONDS;

/**
 * What this machine remembers of what a status does: another one of its host name remembers its own states there, and neither knows
 * when those of the other have ended. States without a machine are from before they had one.
 */
export function rememberedBy(machineId: string, told: ToldWarnings): ToldWarnings {
  const prefix = prefixOf(machineId);
  const ofNone = Object.entries(told).filter(([state]) => !state.startsWith('@'));
  const own = Object.entries(told).filter(([state]) => state.startsWith(prefix));
  return Object.fromEntries([...ofNone, ...own.map(([state, each]) => [state.slice(prefix.length), each])]);
}

/** The inverse: `told` with what this machine remembers now, in seconds since the epoch, and what others do. */
export function withRemembered(
  machineId: string,
  own: ToldWarnings,
  { told, now }: { readonly told: ToldWarnings; readonly now: number },
): ToldWarnings {
  const prefix = prefixOf(machineId);
  const others = Object.entries(told).filter(
    ([state, { at }]) =>
      state.startsWith('@') && !state.startsWith(prefix) && Math.abs(now - at) < KEEP_SECONDS,
  );
  return Object.fromEntries([
    ...others,
    ...Object.entries(own).map(([state, each]) => [`${prefix}${state}`, each]),
  ]);
}

function prefixOf(machineId: string): string {
  return `@${machineId} `;
}

function outgrownState(title: string): string {
  return `outgrown ${title}`;
}
