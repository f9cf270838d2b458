import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { runPipeline } from '../pipeline/run-pipeline.ts';
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

/** Reads a small object whole. Throws ObjectNotFoundError when there is none. */
export async function readSmallObject(destination: Destination, key: string): Promise<string> {
  return (await buffer(destination.read(key))).toString('utf8');
}
