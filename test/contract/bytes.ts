import { createHash, randomBytes } from 'node:crypto';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Destination, ObjectInfo } from '../../src/destinations/destination.ts';

export const KIB = 1024;
export const MIB = 1024 * KIB;

/** Slices of one random pool: contents of any size that cost no memory and do not compress. */
const POOL = randomBytes(2 * MIB);
const SLICE = 64 * KIB;

/** `size` bytes that differ from those of every other `seed`, in pieces. */
export function* makeBytes(size: number, seed: number): Generator<Buffer> {
  for (let offset = 0, piece = 0; offset < size; offset += SLICE, piece++) {
    const start = (seed * 104_729 + piece * 4099) % (POOL.length - SLICE);
    yield POOL.subarray(start, start + Math.min(SLICE, size - offset));
  }
}

/** SHA-256, in hex, of everything that comes. */
export async function digest(source: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of source) hash.update(chunk);
  return hash.digest('hex');
}

/** SHA-256, in hex, of the object under `key`. */
export function digestOf(destination: Destination, key: string): Promise<string> {
  return digest(destination.read(key) as AsyncIterable<Buffer>);
}

/** Stores `size` bytes of `seed` under `key`. */
export async function store(
  destination: Destination,
  key: string,
  size: number,
  seed: number,
): Promise<void> {
  await pipeline(Readable.from(makeBytes(size, seed), { objectMode: false }), destination.write(key));
}

/** The keys listed under `prefix`, sorted. */
export async function listKeys(destination: Destination, prefix: string): Promise<string[]> {
  return (await listAll(destination, prefix)).map((info) => info.key).toSorted();
}

/** Everything listed under `prefix`. */
export async function listAll(destination: Destination, prefix: string): Promise<ObjectInfo[]> {
  const found: ObjectInfo[] = [];
  for await (const info of destination.list(prefix)) found.push(info);
  return found;
}

/** Resolves when the stream has closed, however it ended. */
export function untilClosed(stream: Readable | Writable): Promise<void> {
  if (stream.closed) return Promise.resolve();
  return new Promise((resolve) => {
    stream.on('error', () => {});
    stream.once('close', resolve);
  });
}

/** Writes one chunk and resolves when the driver has taken it. */
export function writeChunk(sink: Writable, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    sink.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}

/** Does `work` for every item, `width` at a time. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
