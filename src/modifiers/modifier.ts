import type { Stage } from '../pipeline/run-pipeline.ts';

/** What the name of a copy ends in says how it was transformed (contract: where things lie on a destination). */
export const SUFFIXES = ['.gz', '.bz', '.zst', '.gpg'] as const;

export type Suffix = (typeof SUFFIXES)[number];

/** A transformation of the stream and its inverse. */
export interface Modifier {
  /** What it adds to the name of the copy. */
  readonly suffix: Suffix;
  /** The stage for a backup. Rejects when it can be known beforehand that it cannot work. */
  apply(): Promise<Stage>;
  /** The stage for a restore. `warn` is told when it does not work as configured, yet may well work. */
  invert(warn: (message: string) => void): Promise<Stage>;
}
