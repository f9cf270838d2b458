import type { Kind } from './kinds.ts';

/** One option: what it takes, what counts when it is absent (as one would write it), and what it is for. */
export interface Option<T, D extends string | undefined = string | undefined> {
  readonly kind: Kind<T>;
  readonly default: D;
  readonly description: string;
}

/** The options of a section: name -> row. */
export type OptionRows = Readonly<Record<string, Option<unknown>>>;

/** What an option is read as: `undefined` is possible where there is no default. */
export type ValueOf<R> = R extends Option<infer T, infer D> ? (D extends string ? T : T | undefined) : never;

export function option<T, D extends string | undefined>(
  kind: Kind<T>,
  fallback: D,
  description: string,
): Option<T, D> {
  return { kind, default: fallback, description };
}
