import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, unlink } from 'node:fs/promises';
import { quoteLocation } from '../../copies/quote-location.ts';
import { codeOf, hasCode, IntegrityError, TwinDbError } from '../../errors.ts';
import { isPageCompressed, splitAtHoles } from './page-holes.ts';

/** Files held open at once. The backup program writes as many in turns as it has threads to copy with. */
const MAX_OPEN = 64;

/** As mbstream makes them. */
const FILE_MODE = 0o640;
const FOLDER_MODE = 0o700;

/** Nothing that is there is followed or opened, not even a file of this very stream. */
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

interface OpenFile {
  /** Closed for a while when too many are open. */
  handle: FileHandle | undefined;
  /** Where the next bytes go. */
  position: number;
  /** Whether the last thing before `position` is a hole, which the file does not reach to yet. */
  endsInHole: boolean;
  /** Undefined until its first page has come. */
  hasHoles: boolean | undefined;
}

/**
 * The files that a stream makes below a folder, which nobody else may enter and in which nothing was before. Paths are what
 * `parseChunk` has let through. Every method throws a TwinDbError that names the file.
 */
export class XbstreamFiles {
  readonly #dir: Buffer;
  /** By their paths, the one that was used last at the end. */
  readonly #open = new Map<string, OpenFile>();
  readonly #folders = new Set<string>();

  constructor(dir: string) {
    this.#dir = Buffer.from(`${dir}/`);
  }

  /** Writes what comes next in a file, and makes it when it is new. Throws an IntegrityError when something before it is missing. */
  async write(path: Buffer, offset: number, parts: readonly Buffer[]): Promise<void> {
    const file = await this.#use(path);
    if (offset !== file.position) {
      throw new IntegrityError(
        `the stream in it has a part of ${quoteLocation(path.toString())} for byte ${offset}, and byte ${file.position} is the next`,
      );
    }
    await naming(path, async () => {
      file.hasHoles ??= isPageCompressed(path, parts[0]);
      if (!file.hasHoles) return await writeAll(file, parts);
      for (const { hole, bytes } of splitAtHoles(parts, offset)) {
        file.position += hole;
        file.endsInHole ||= hole > 0;
        if (bytes.length > 0) await writeAll(file, [bytes]);
      }
    });
  }

  /** What comes next in a file begins at `offset`; in front of it is a hole. */
  async seek(path: Buffer, offset: number): Promise<void> {
    const file = await this.#use(path);
    if (offset < file.position)
      throw new IntegrityError(`the stream in it goes back in ${quoteLocation(path.toString())}`);
    file.endsInHole ||= offset > file.position;
    file.position = offset;
  }

  /** A file is complete. One of which nothing has come is empty. */
  async end(path: Buffer): Promise<void> {
    const file = await this.#use(path);
    this.#open.delete(keyOf(path));
    await naming(path, async () => {
      try {
        if (file.endsInHole) await file.handle?.truncate(file.position);
      } finally {
        await file.handle?.close();
      }
    });
  }

  /** A file begins anew. */
  async rewrite(path: Buffer): Promise<void> {
    await this.close(path);
    await this.remove(path);
  }

  async rename(path: Buffer, newPath: Buffer): Promise<void> {
    await this.#makeFolders(newPath);
    await naming(path, () => rename(this.#locate(path), this.#locate(newPath)));
    const file = this.#open.get(keyOf(path));
    if (file === undefined) return;
    this.#open.delete(keyOf(path));
    this.#open.set(keyOf(newPath), file);
  }

  /** Removing what is not there succeeds: it was dropped before it was copied. */
  async remove(path: Buffer): Promise<void> {
    await naming(path, () =>
      unlink(this.#locate(path)).catch((cause: unknown) => {
        if (!hasCode(cause, 'ENOENT')) throw cause;
      }),
    );
  }

  /** Gives up a file, or all. */
  async close(path?: Buffer): Promise<void> {
    const keys = path === undefined ? [...this.#open.keys()] : [keyOf(path)];
    for (const key of keys) {
      const file = this.#open.get(key);
      this.#open.delete(key);
      await file?.handle?.close();
    }
  }

  #locate(path: Buffer): Buffer {
    return Buffer.concat([this.#dir, path]);
  }

  async #use(path: Buffer): Promise<OpenFile & { handle: FileHandle }> {
    const key = keyOf(path);
    let file = this.#open.get(key);
    if (file?.handle === undefined) {
      await this.#makeRoom();
      if (file === undefined) await this.#makeFolders(path);
      const flags = file === undefined ? NEW_FILE : constants.O_WRONLY | constants.O_NOFOLLOW;
      const handle = await naming(path, () => open(this.#locate(path), flags, FILE_MODE));
      file = { position: 0, endsInHole: false, hasHoles: undefined, ...file, handle };
    }
    this.#open.delete(key);
    this.#open.set(key, file);
    return file as OpenFile & { handle: FileHandle };
  }

  async #makeRoom(): Promise<void> {
    const held = [...this.#open.values()].filter(({ handle }) => handle !== undefined);
    const [longestUnused] = held;
    if (held.length < MAX_OPEN || longestUnused === undefined) return;
    const { handle } = longestUnused;
    longestUnused.handle = undefined;
    await handle?.close();
  }

  async #makeFolders(path: Buffer): Promise<void> {
    const folder = path.subarray(0, Math.max(path.lastIndexOf('/'), 0));
    if (folder.length === 0 || this.#folders.has(keyOf(folder))) return;
    await naming(path, () => mkdir(this.#locate(folder), { recursive: true, mode: FOLDER_MODE }));
    this.#folders.add(keyOf(folder));
  }
}

/** A key that keeps every byte. */
function keyOf(path: Buffer): string {
  return path.toString('latin1');
}

async function writeAll(
  file: OpenFile & { readonly handle: FileHandle },
  parts: readonly Buffer[],
): Promise<void> {
  for (let rest = parts; rest.length > 0; ) {
    const { bytesWritten } = await file.handle.writev(rest, file.position);
    file.position += bytesWritten;
    file.endsInHole = false;
    rest = behind(rest, bytesWritten);
  }
}

/** What is left of the parts when the first bytes of them are gone. */
function behind(parts: readonly Buffer[], bytes: number): Buffer[] {
  let begin = 0;
  return parts.flatMap((part) => {
    const rest = part.subarray(Math.min(Math.max(bytes - begin, 0), part.length));
    begin += part.length;
    return rest.length === 0 ? [] : [rest];
  });
}

const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'Make room there, or name a folder on another file system with --dst.',
  EDQUOT: 'Raise the quota there, or name a folder on another file system with --dst.',
};

async function naming<T>(path: Buffer, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const name = quoteLocation(path.toString());
    if (hasCode(cause, 'EEXIST', 'ENOTDIR', 'EISDIR'))
      throw new IntegrityError(`the stream in it has two files or folders of the name ${name}`, { cause });
    const remedy = REMEDIES[codeOf(cause) ?? ''];
    throw new TwinDbError(`cannot unpack ${name}`, remedy === undefined ? { cause } : { cause, remedy });
  }
}
