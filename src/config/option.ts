import type { ConfigError } from '../errors.ts';
import type { Kind } from './kinds.ts';

/** One option: what it takes, what counts when it is absent (as one would write it), and what it is for. */
export interface Option<T, D extends string | undefined = string | undefined> {
  readonly kind: Kind<T>;
  readonly default: D;
  readonly description: string;
}

/** The options of a section, in the spelling of the documentation. */
export type OptionRows = Readonly<Record<string, Option<unknown>>>;

/** What an option is read as: `undefined` is possible where there is no default. */
export type ValueOf<O> = O extends Option<infer T, infer D> ? (D extends string ? T : T | undefined) : never;

/** A row of a table of options. */
export function option<T, D extends string | undefined>(
  kind: Kind<T>,
  fallback: D,
  description: string,
): Option<T, D> {
  return { kind, default: fallback, description };
}

/** Reads the options of one section. Every error is a ConfigError that names file, section and option. */
export interface SectionOptions<R extends OptionRows> {
  /** The option's value, or its default. */
  get<N extends keyof R & string>(name: N): ValueOf<R[N]>;
  /** The value of an option without a default that must be set; `remedy` says what to write. */
  need<N extends keyof R & string>(name: N, remedy: string): NonNullable<ValueOf<R[N]>>;
  /** The error to throw because of this option; `problem` continues a sentence that begins with its name. */
  refuse(name: keyof R & string, problem: string, remedy?: string): ConfigError;
}
