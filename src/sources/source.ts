import type { Duplex, Readable } from 'node:stream';
import type { Stage } from '../pipeline/run-pipeline.ts';

/** What a copy is made from. A source is opened once, for one copy. */
export interface Source<Facts> {
  /** What the operator calls it: the path of a directory. */
  readonly title: string;
  /** The first stage of the pipeline; it ends only when everything has been read. Rejects when there is nothing to read. */
  open(): Promise<Stage<Readable>>;
  /** A stage behind the first that errors when its bytes cannot be what the copy is to be made of, whatever the program says. */
  readonly check?: () => Duplex;
  /**
   * Bytes the stream will have, as far as that can be told beforehand at little cost and without any effect. Settles
   * only when nothing of the work is left, soon after `signal` has aborted.
   */
  estimate(signal: AbortSignal): Promise<number | undefined>;
  /** What is known only after the stream has ended. */
  facts(): Facts;
}
