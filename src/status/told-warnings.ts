import { isRecord } from './envelope.ts';

/** The lasting states that a run has warned of: when, in seconds since the epoch, and the beginning of its message's SHA-256. */
export type ToldWarnings = Readonly<Record<string, { readonly at: number; readonly digest: string }>>;

/** What a status file remembers; entries of another shape are dropped, so that those warnings come again. */
export function parseToldWarnings(value: unknown): ToldWarnings {
  const entries = Object.entries(isRecord(value) ? value : {});
  return Object.fromEntries(
    entries.flatMap(([state, told]) => {
      if (!isRecord(told)) return [];
      const { at, digest } = told;
      return typeof at === 'number' && typeof digest === 'string' ? [[state, { at, digest }]] : [];
    }),
  );
}
