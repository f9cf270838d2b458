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
  /** Bytes that the stream has about, before anything is compressed; absent where finding out would take a walk. */
  readonly size?: number | undefined;
  /** What is known only after the stream has ended. */
  facts(): Facts;
}
