import { Writable } from 'node:stream';
import type { Chunk } from './xbstream-chunk.ts';
import { attempt, XbstreamWalker } from './xbstream-walker.ts';

type Callback = (error?: Error | null) => void;

/** Reads the stream of a MySQL copy to its end and notes which files it has, and their sizes. Errors when it is not complete. */
export class XbstreamListing extends Writable {
  readonly #files = new Map<string, number>();
  readonly #walker = new XbstreamWalker('any', { begin: (chunk) => this.#begin(chunk) });

  constructor() {
    super({ highWaterMark: 1 << 20 });
  }

  /** Bytes that each file has when it is unpacked, in the order of the stream. */
  get files(): ReadonlyMap<string, number> {
    return this.#files;
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    attempt(() => this.#walker.take(bytes), callback);
  }

  override _final(callback: Callback): void {
    attempt(() => this.#walker.finish(), callback);
  }

  #begin({ type, path, newPathBytes, rewrites, offset, length, map }: Chunk): void {
    const before = rewrites ? 0 : (this.#files.get(path) ?? 0);
    if (type === 'remove' || type === 'rename') this.#files.delete(path);
    if (type === 'rename') this.#files.set(String(newPathBytes), before);
    if (type === 'end') this.#files.set(path, before);
    if (type === 'payload' || type === 'seek')
      this.#files.set(path, Math.max(before, offset + length + holesIn(map)));
  }
}

/** Bytes of the holes of a sparse piece; see `Chunk.map`. */
function holesIn(map: Buffer | undefined): number {
  let holes = 0;
  for (let at = 0; at < (map?.length ?? 0); at += 8) holes += map?.readUInt32LE(at) ?? 0;
  return holes;
}
