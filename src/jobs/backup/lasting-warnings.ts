import { createHash } from 'node:crypto';
import type { ToldWarnings } from '../../status/told-warnings.ts';
import type { OutgrownSizes } from '../job-context.ts';

/** How long the same warning is not repeated, in seconds. */
const REPEAT_SECONDS = 7 * 24 * 3600;

/** What the states begin with that are the size of a copy; the title of its source follows. */
const OUTGROWN = 'outgrown ';

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
 * `isSource` says whether the configuration still has a source: the size that its copy reached is forgotten with it. `complete` in `remember`: the run looked at everything, so that a state it did not warn of has ended.
 */
export function recallWarnings(
  told: ToldWarnings,
  now: number,
  isSource: (title: string) => boolean = () => true,
): LastingWarnings {
  const current = new Map<string, ToldWarnings[string]>();
  const isOfLate = (at: number): boolean => now >= at && now - at < REPEAT_SECONDS;
  const remembered = Object.entries(told).filter(([, { bytes }]) => bytes !== undefined);
  const sizes = new Map(remembered.filter(([state]) => isSource(state.slice(OUTGROWN.length))));
  let hasNews = sizes.size < remembered.length;
  return {
    outgrown: {
      reached(title) {
        const found = sizes.get(OUTGROWN + title);
        return found?.bytes === undefined ? undefined : { bytes: found.bytes, isOfLate: isOfLate(found.at) };
      },
      note(title, bytes) {
        hasNews = true;
        if (bytes === undefined) sizes.delete(OUTGROWN + title);
        else sizes.set(OUTGROWN + title, { at: now, digest: '', bytes });
      },
    },
    isDue(state, message, essence = message) {
      const digest = createHash('sha256').update(essence).digest('hex').slice(0, 16);
      const before = current.get(state) ?? told[state];
      // A time from tomorrow silences nothing.
      const isKnown = before?.digest === digest && isOfLate(before.at);
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

/** The state of all machines of a host name: each run of a container may be that of another one (find-own.ts). */
const SHARED = 'new machine';

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
    ...Object.entries(own).map(([state, each]) => [state === SHARED ? state : `${prefix}${state}`, each]),
  ]);
}

function prefixOf(machineId: string): string {
  return `@${machineId} `;
}
