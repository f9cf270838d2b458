import { constants } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { quoteLocation } from '../../copies/quote-location.ts';
import { codeOf, IntegrityError, TwinDbError } from '../../errors.ts';
import { isPageCompressed, type Run, splitAtHoles } from './page-holes.ts';

/** As mbstream makes them. */
const FILE_MODE = 0o640;
const FOLDER_MODE = 0o700;

/** Nothing that is there is followed or opened, not even a file of this very stream. */
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const KNOWN_FILE = constants.O_WRONLY | constants.O_NOFOLLOW;

/**
 * A file that is being unpacked. `append`, `skip`, `seek` and `end` note down what comes next in it; `settle` carries that out, and throws a
 * TwinDbError that names the file.
 */
export class UnpackedFile {
  readonly #dir: string;
  readonly #name: string;
  #runs: Run[] = [];
  #position = 0;
  /** How long the file is when all is written. */
  #length = 0;
  #hasEnded = false;
  #isMade = false;
  #handle: FileHandle | undefined;
  /** How long it is by now. */
  #written = 0;
  #hasHoles: boolean | undefined;

  /** `name`: as `locate` takes it. */
  constructor(dir: string, name: string) {
    this.#dir = dir;
    this.#name = name;
  }

  /** Where the next bytes go. */
  get position(): number {
    return this.#position;
  }

  get isOpen(): boolean {
    return this.#handle !== undefined;
  }

  append(bytes: Buffer): void {
    if (bytes.length === 0) return;
    const last = this.#runs.at(-1);
    if (last !== undefined && last.offset + last.length === this.#position) {
      last.parts.push(bytes);
      last.length += bytes.length;
    } else {
      this.#runs.push({ offset: this.#position, length: bytes.length, parts: [bytes] });
    }
    this.#position += bytes.length;
    this.#length = Math.max(this.#length, this.#position);
  }

  /** A hole comes next, which the file has also when nothing follows. */
  skip(length: number): void {
    this.#position += length;
    this.#length = Math.max(this.#length, this.#position);
  }

  /** What comes next begins at `offset`, which may also be over what has been. */
  seek(offset: number): void {
    this.#position = offset;
  }

  /** The file is complete. */
  end(): void {
    this.#hasEnded = true;
  }

  /** Writes what was noted down; closes the file when it is complete. */
  async settle(): Promise<void> {
    const runs = this.#runs;
    this.#runs = [];
    await naming(this.#name, async () => {
      const handle = await this.#open();
      for (const run of runs) await this.#write(handle, run);
      if (!this.#hasEnded) return;
      if (this.#written < this.#length) await handle.truncate(this.#length);
      await this.close();
    });
  }

  /** Until it is settled again. */
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #open(): Promise<FileHandle> {
    const path = locate(this.#dir, this.#name);
    this.#handle ??= this.#isMade
      ? await open(path, KNOWN_FILE)
      : await inFolder(this.#dir, this.#name, () => open(path, NEW_FILE, FILE_MODE));
    this.#isMade = true;
    return this.#handle;
  }

  async #write(handle: FileHandle, run: Run): Promise<void> {
    this.#hasHoles ??= isPageCompressed(this.#name, run);
    // A hole would leave what is there already.
    const isNew = run.offset >= this.#written;
    for (const each of this.#hasHoles && isNew ? splitAtHoles(run) : [run]) {
      await writeAll(handle, each);
      this.#written = Math.max(this.#written, each.offset + each.length);
    }
  }
}

/** Where a file is. `name`: its bytes, as latin1, which keeps each of them. */
export function locate(dir: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${dir}/`), Buffer.from(name, 'latin1')]);
}

/** Does something that needs the folder of a file, and makes that below `dir` when it turns out to be missing. */
export async function inFolder<T>(dir: string, name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  for (let end = name.indexOf('/'); end !== -1; end = name.indexOf('/', end + 1)) {
    await mkdir(locate(dir, name.slice(0, end)), FOLDER_MODE).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  }
  return await work();
}

async function writeAll(handle: FileHandle, { offset, length, parts }: Run): Promise<void> {
  const { bytesWritten } = await handle.writev(parts, offset);
  if (bytesWritten === length) return;
  // The disk is full, most likely: then the next try says so.
  const rest = Buffer.concat(parts).subarray(bytesWritten);
  for (let done = 0; done < rest.length; )
    done += (await handle.write(rest, done, rest.length - done, offset + bytesWritten + done)).bytesWritten;
}

const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'Make room there, or name a folder on another file system with --dst.',
  EDQUOT: 'Raise the quota there, or name a folder on another file system with --dst.',
};

/** What such a name leads to is there already, as a file or a folder of the same stream, or no file system takes it. */
const IMPOSSIBLE_NAME = ['EEXIST', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG'];

/** Does something with a file of a stream; what fails then names it. */
export async function naming<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code = codeOf(cause) ?? '';
    // It leads through /proc, and the message has the name.
    if (cause instanceof Error && 'path' in cause) delete cause.path;
    const shown = quoteLocation(Buffer.from(name, 'latin1').toString());
    const message = `Cannot unpack ${shown}`;
    if (IMPOSSIBLE_NAME.includes(code)) throw new IntegrityError(message, { cause });
    const remedy = REMEDIES[code];
    throw new TwinDbError(message, remedy === undefined ? { cause } : { cause, remedy });
  }
}
