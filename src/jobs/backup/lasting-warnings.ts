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
