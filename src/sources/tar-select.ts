import { Transform, type TransformCallback } from 'node:stream';
import { IntegrityError } from '../errors.ts';
import type { TarMember } from './tar-header.ts';
import { TarWalker } from './tar-walker.ts';

/** The names of some million files. Bytes. */
const MAX_FOLDER = 256 << 20;

/** A folder that others of the archive may be in. */
interface Folder {
  readonly path: string;
  /** Its blocks; none when they have been passed on. */
  blocks: Buffer[];
}

/** The path of a member as it is compared: without `./`, a slash in front, and those at its end. */
export function comparablePath(path: Buffer): string {
  const text = path.toString();
  let end = text.length;
  // Not by an expression: with many slashes in the middle that takes their square.
  while (text[end - 1] === '/') end -= 1;
  return text.slice(0, end).replace(/^(?:\.?\/)+|^\.$/g, '');
}

/**
 * Passes on the members of a tar archive that are wanted, and the folders that they are in, so that these get their owners and modes as well. Goes through the
 * whole archive and errors with the IntegrityError of `TarWalker`.
 */
export class TarSelect extends Transform {
  readonly #isWanted: (member: TarMember) => boolean;
  readonly #walker = new TarWalker({
    extra: (bytes) => this.#extras.push(bytes),
    member: (member) => this.#choose(member),
    body: (bytes) => this.#take(bytes),
    end: (bytes) => this.push(bytes),
  });
  /** What stands in front of the next header. */
  #extras: Buffer[] = [];
  /** The folders around the present member, from the outermost. */
  #folders: Folder[] = [];
  /** Where the blocks of the present member go. */
  #keeping: 'passed' | 'dropped' | Folder = 'dropped';
  /** Bytes of the present folder that are kept. */
  #kept = 0;

  constructor(isWanted: (member: TarMember) => boolean) {
    super({ highWaterMark: 1 << 20 });
    this.#isWanted = isWanted;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#attempt(() => this.#walker.take(chunk), callback);
  }

  override _flush(callback: TransformCallback): void {
    this.#attempt(() => this.#walker.finish(), callback);
  }

  #attempt(work: () => void, callback: TransformCallback): void {
    try {
      work();
    } catch (error) {
      callback(error as Error);
      return;
    }
    callback();
  }

  #choose(member: TarMember): void {
    const path = comparablePath(member.path);
    this.#folders = this.#folders.filter((folder) => path.startsWith(`${folder.path}/`));
    const extras = this.#extras;
    this.#extras = [];
    if (this.#isWanted(member)) {
      for (const folder of this.#folders) {
        for (const block of folder.blocks) this.push(block);
        folder.blocks = [];
      }
      for (const block of extras) this.push(block);
      this.#keeping = 'passed';
    } else if (member.type === 'd' && path !== '') {
      const folder = { path, blocks: extras };
      this.#kept = 0;
      this.#folders.push(folder);
      this.#keeping = folder;
    } else {
      this.#keeping = 'dropped';
    }
  }

  /** A folder has no contents but the names in it, where tar was called with --incremental. */
  #keep(folder: Folder, bytes: Buffer): void {
    this.#kept += bytes.length;
    if (this.#kept > MAX_FOLDER) {
      throw new IntegrityError('a folder in the archive has contents, as no folder has');
    }
    folder.blocks.push(Buffer.from(bytes));
  }

  #take(bytes: Buffer): void {
    if (this.#keeping === 'passed') this.push(bytes);
    else if (this.#keeping !== 'dropped') this.#keep(this.#keeping, bytes);
  }
}
