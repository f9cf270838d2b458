import { Readable } from 'node:stream';
import { runPipeline } from '../pipeline/run-pipeline.ts';
import { collect } from './collect.ts';
import type { Destination } from './destination.ts';

/** Stores a small object that runs read again and again, such as a status; resolves when it is durable. */
export async function writeSmallObject(
  destination: Destination,
  key: string,
  content: string,
  signal: AbortSignal,
): Promise<void> {
  await runPipeline(
    [Readable.from([Buffer.from(content)]), destination.write(key, { readOften: true })],
    signal,
  );
}

/**
 * Reads a small object whole. Throws ObjectNotFoundError when there is none, ObjectTooLargeError when it has more than `limit`
 * bytes.
 */
export async function readSmallObject(destination: Destination, key: string, limit: number): Promise<string> {
  return (await collect(destination.read(key), limit)).toString('utf8');
}
