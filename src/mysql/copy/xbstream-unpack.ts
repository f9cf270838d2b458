import { rename, unlink } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { quoteLocation } from '../../copies/quote-location.ts';
import { IntegrityError } from '../../errors.ts';
import { inFolder, locate, naming, UnpackedFile } from './unpacked-file.ts';
import type { Chunk } from './xbstream-chunk.ts';
import { attempt, XbstreamWalker } from './xbstream-walker.ts';

/** Bytes that may wait to be written. */
const BUFFERED = 4 << 20;

/** Files that are written at once. */
const CONCURRENCY = 4;

/** Files that stay open until more of them comes: more than the backup program has threads to copy with. */
const MAX_OPEN = 64;

/** Files that may be written at once, or what comes before all that follows. */
type Step = Set<UnpackedFile> | (() => Promise<void>);

type Callback = (error?: Error | null) => void;

/**
 * Unpacks the stream of a MySQL copy into a folder that is empty and that only this user may enter, as mbstream and xbstream do. Errors at the first
 * chunk that would leave the folder, does not continue its file or has a wrong checksum, when a file cannot be written, and at the
 * end when the stream is not complete. When it has finished, all files are complete; when it has closed, nothing works on the folder any more.
 *
 * Bytes that went through a guard to one of those programs would be copied once more, which took a restore a fifth of its time.
 */
export class XbstreamUnpack extends Writable {
  readonly #dir: string;
  readonly #walker = new XbstreamWalker('any', {
    begin: (chunk) => this.#begin(chunk),
    payload: (part, isLast) => this.#takePayload(part, isLast),
  });
  /** By their names, which are bytes: in latin1, which keeps each. */
  readonly #incomplete = new Map<string, UnpackedFile>();
  readonly #complete = new Set<string>();
  readonly #open = new Set<UnpackedFile>();
  #steps: Step[] = [];
  #working: Promise<void> = Promise.resolve();
  #chunk: Chunk | undefined;
  #file: UnpackedFile | undefined;
  #crc = 0;
  /** Of a sparse payload: what is left of its map, and of the bytes that the last entry of it was about. */
  #map: Buffer | undefined;
  #untilHole = 0;

  constructor(dir: string) {
    super({ highWaterMark: BUFFERED });
    this.#dir = dir;
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    this.#take([bytes], callback);
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], callback: Callback): void {
    this.#take(
      chunks.map(({ chunk }) => chunk),
      callback,
    );
  }

  override _final(callback: Callback): void {
    attempt(() => this.#walker.finish(), callback);
  }

  override _destroy(error: Error | null, callback: Callback): void {
    void this.#working
      .catch(() => undefined)
      .then(() => Promise.all([...this.#open].map((file) => file.close())))
      .then(
        () => callback(error),
        (failure: Error) => callback(error ?? failure),
      );
  }

  #take(all: readonly Buffer[], callback: Callback): void {
    this.#working = this.#unpack(all);
    this.#working.then(() => callback(), callback);
  }

  async #unpack(all: readonly Buffer[]): Promise<void> {
    for (const bytes of all) this.#walker.take(bytes);
    const steps = this.#steps;
    this.#steps = [];
    for (const step of steps) {
      if (this.destroyed) return;
      await (step instanceof Set ? this.#settle(step) : step());
    }
  }

  async #settle(files: Iterable<UnpackedFile>): Promise<void> {
    const left = files[Symbol.iterator]();
    const work = async () => {
      for (let next = left.next(); !next.done && !this.destroyed; next = left.next()) {
        const file = next.value;
        this.#open.add(file);
        await file.settle();
        // Opened again when more of it comes.
        if (this.#open.size > MAX_OPEN) await file.close();
        if (!file.isOpen) this.#open.delete(file);
      }
    };
    // All are waited for, also when one fails: nothing may go on behind the error.
    const ended = await Promise.allSettled(Array.from({ length: CONCURRENCY }, work));
    const failed = ended.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  #begin(chunk: Chunk): void {
    this.#chunk = chunk;
    switch (chunk.type) {
      case 'payload':
        this.#file = this.#use(chunk);
        this.#crc = chunk.crcBefore;
        this.#map = chunk.map;
        this.#untilHole = 0;
        if (chunk.offset !== this.#file.position)
          throw damaged(`a part of ${quoteLocation(chunk.path)} does not continue it`);
        break;
      case 'seek':
        this.#use(chunk).seek(chunk.offset);
        break;
      case 'end':
        this.#end(chunk);
        break;
      case 'rename':
        this.#rename(chunk);
        break;
      case 'remove':
        this.#remove(chunk);
        break;
    }
  }

  /** The file of a chunk, which may be its first one. */
  #use(chunk: Chunk): UnpackedFile {
    const name = nameOf(chunk.pathBytes);
    const before = this.#incomplete.get(name);
    if (before !== undefined) return this.#noteDown(before);
    if (this.#complete.has(name)) {
      if (!chunk.rewrites) throw damaged(`${quoteLocation(chunk.path)} comes twice`);
      this.#remove(chunk);
    }
    const file = new UnpackedFile(this.#dir, name);
    this.#incomplete.set(name, file);
    return this.#noteDown(file);
  }

  #noteDown(file: UnpackedFile): UnpackedFile {
    const last = this.#steps.at(-1);
    if (last instanceof Set) last.add(file);
    else this.#steps.push(new Set([file]));
    return file;
  }

  #end(chunk: Chunk): void {
    const name = nameOf(chunk.pathBytes);
    this.#use(chunk).end();
    this.#incomplete.delete(name);
    this.#complete.add(name);
  }

  /** One that has not come is left alone: it was dropped before it was copied. */
  #remove({ pathBytes, path }: Chunk): void {
    const name = nameOf(pathBytes);
    this.#requireComplete(name, path);
    if (!this.#complete.delete(name)) return;
    this.#steps.push(() => naming(name, () => unlink(locate(this.#dir, name))));
  }

  #rename({ pathBytes, newPathBytes = pathBytes, path }: Chunk): void {
    const [name, newName] = [nameOf(pathBytes), nameOf(newPathBytes)];
    for (const each of [name, newName]) this.#requireComplete(each, path);
    if (!this.#complete.delete(name)) return;
    this.#complete.add(newName);
    const move = () => rename(locate(this.#dir, name), locate(this.#dir, newName));
    this.#steps.push(() => naming(newName, () => inFolder(this.#dir, newName, move)));
  }

  #requireComplete(name: string, path: string): void {
    if (this.#incomplete.has(name))
      throw damaged(`${quoteLocation(path)} is renamed or removed before its end`);
  }

  #takePayload(part: Buffer, isLast: boolean): void {
    this.#crc = crc32(part, this.#crc);
    const { crc, path = '' } = this.#chunk ?? {};
    if (isLast && crc !== this.#crc)
      throw damaged(`the checksum of a part of ${quoteLocation(path)} does not match`);
    if (this.#map === undefined) this.#file?.append(part);
    else this.#takeSparse(part, isLast, this.#map);
  }

  #takeSparse(part: Buffer, isLast: boolean, map: Buffer): void {
    let [rest, entries] = [part, map];
    for (;;) {
      if (this.#untilHole > 0) {
        const bytes = rest.subarray(0, this.#untilHole);
        if (bytes.length === 0) break;
        this.#file?.append(bytes);
        this.#untilHole -= bytes.length;
        rest = rest.subarray(bytes.length);
      } else {
        if (entries.length === 0) break;
        this.#file?.skip(entries.readUInt32LE(0));
        this.#untilHole = entries.readUInt32LE(4);
        entries = entries.subarray(8);
      }
    }
    this.#map = entries;
    if (rest.length > 0 || (isLast && this.#untilHole > 0))
      throw damaged('a map of holes does not fit its payload');
  }
}

/** As a key: two names of one file, with and without `./`, are one. */
function nameOf(path: Buffer): string {
  return path
    .toString('latin1')
    .split('/')
    .filter((segment) => segment !== '.')
    .join('/');
}

function damaged(reason: string): IntegrityError {
  return new IntegrityError(`the stream in it is damaged: ${reason}`);
}
