import type { Readable } from 'node:stream';
import { StorageError } from '../errors.ts';
import { formatBytes } from '../units.ts';

/** An object has more bytes than anything of its kind: what wrote it was not this tool. */
export class ObjectTooLargeError extends StorageError {
  override readonly name = 'ObjectTooLargeError';
}

/**
 * All bytes of a stream, which is destroyed when there are more than `limit`: no more than that is ever in memory. Throws an
 * ObjectTooLargeError then, and the stream's own error when it fails.
 */
export async function collect(stream: Readable, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop destroys the stream.
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new ObjectTooLargeError(`it has more than ${formatBytes(limit)}`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
