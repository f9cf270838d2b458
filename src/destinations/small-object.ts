import { Readable } from 'node:stream';
import { runPipeline } from '../pipeline/run-pipeline.ts';
import { collect } from './collect.ts';
import type { Destination, ReadOptions, WriteOptions } from './destination.ts';

/** Stores a small object that runs read again and again, such as a status; resolves when it is durable. `over` says what it may replace. */
export async function writeSmallObject(
  destination: Destination,
  key: string,
  content: string,
  signal: AbortSignal,
  over: Pick<WriteOptions, 'claim' | 'replaces'> = {},
): Promise<void> {
  await runPipeline(
    [Readable.from([Buffer.from(content)]), destination.write(key, { readOften: true, ...over })],
    signal,
  );
}

/**
 * Reads a small object whole. Throws ObjectNotFoundError when there is none, ObjectTooLargeError when it has more than `limit`
 * bytes.
 */
export async function readSmallObject(
  destination: Destination,
  key: string,
  limit: number,
  options?: ReadOptions,
): Promise<string> {
  return (await collect(destination.read(key, options), limit)).toString('utf8');
}
