import { isRecord } from './envelope.ts';

/**
 * The lasting states that runs found: when it was warned of, in seconds since the epoch, and the beginning of its message's SHA-256;
 * with `bytes` how large a copy became that its destination could not hold.
 */
export type ToldWarnings = Readonly<
  Record<string, { readonly at: number; readonly digest: string; readonly bytes?: number }>
>;

/** What a status file remembers; entries of another shape are dropped, so that those warnings come again. */
export function parseToldWarnings(value: unknown): ToldWarnings {
  const entries = Object.entries(isRecord(value) ? value : {});
  return Object.fromEntries(
    entries.flatMap(([state, told]) => {
      if (!isRecord(told)) return [];
      const { at, digest, bytes } = told;
      if (typeof at !== 'number' || typeof digest !== 'string') return [];
      return [[state, { at, digest, ...(typeof bytes === 'number' && { bytes }) }]];
    }),
  );
}
