import type { Writable } from 'node:stream';
import type { FoundCopy } from '../kinds/found-copy.ts';
import { restoreChain } from '../modifiers/chain.ts';
import { Beginning } from '../pipeline/beginning.ts';
import type { Digest } from '../pipeline/digest.ts';
import { DigestVerifier } from '../pipeline/digest-verifier.ts';
import { runPipeline, type Stage } from '../pipeline/run-pipeline.ts';
import { throttled } from '../pipeline/throttle.ts';
import type { JobContext } from './job-context.ts';

/** The end of a pipeline. */
export type LastStages = readonly [...Stage[], Stage<Writable>];

/** An object, and the name whose suffixes say how it was transformed. */
type NamedObject = Pick<FoundCopy, 'destination' | 'object' | 'location'> & {
  readonly parsed: Pick<FoundCopy['parsed'], 'name'>;
};

/** Reads an object to its end. Throws when it cannot be read, and an IntegrityError when it is not what is expected. */
export async function readObject(
  found: FoundCopy,
  expected: Partial<Digest>,
  context: JobContext,
): Promise<void> {
  await readThrough(found, expected, [new Beginning(0)], context);
}

/**
 * Reads a copy to its end: destination -> digest check -> gpg -d -> decompressor -> `last`, which get what the copy was made
 * from. Throws what the first of them finds wrong.
 */
export async function readCopy(
  found: NamedObject,
  expected: Partial<Digest>,
  last: LastStages,
  context: JobContext,
): Promise<Digest> {
  const inverse: Stage[] = [];
  for (const modifier of restoreChain(found.parsed.name, context.config, context.cores)) {
    inverse.push(await modifier.invert((message) => context.log.warn(message)));
  }
  return await readThrough(found, expected, [...inverse, ...last], context);
}

async function readThrough(
  { destination, object, location }: NamedObject,
  expected: Partial<Digest>,
  stages: LastStages,
  context: JobContext,
): Promise<Digest> {
  const line = context.progress.begin(location, object.size, { phase: 'Reading' });
  const verifier = new DigestVerifier(expected, (bytes) => line.advance(bytes));
  try {
    await runPipeline(
      [destination.read(object.key), ...throttled(context.rateLimit), verifier, ...stages],
      context.signal,
    );
  } finally {
    line.end();
  }
  return verifier.digest;
}
