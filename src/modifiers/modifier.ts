import { COMPRESSOR_NAMES, COMPRESSORS, type CompressedSuffix } from '../compression/compressors.ts';
import type { Stage } from '../pipeline/run-pipeline.ts';

/** What the name of a copy ends in says how it was transformed (contract: where things lie on a destination). */
export type Suffix = CompressedSuffix | '.gpg';

/** A format that two compressors share is in it twice. */
export const SUFFIXES: readonly Suffix[] = [
  ...COMPRESSOR_NAMES.map((name) => COMPRESSORS[name].suffix),
  '.gpg',
];

/** A transformation of the stream and its inverse. */
export interface Modifier {
  /** What it adds to the name of the copy. */
  readonly suffix: Suffix;
  /** The stage for a backup. Rejects when it can be known beforehand that it cannot work. */
  apply(): Promise<Stage>;
  /** The stage for a restore. `warn` is told when it does not work as configured, yet may well work. */
  invert(warn: (message: string) => void): Promise<Stage>;
}
