import { createHash } from 'node:crypto';
import { readdir, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../errors.ts';
import { makeFolder } from '../make-folder.ts';
import { stateFolders } from './machine-id.ts';
import { readPlainFile, replaceFile } from './replace-file.ts';

/** What this machine remembers, a small file for each subject. */
export interface Memory<T> {
  /** The file that has it, or would have it. */
  path(subject: string): string;
  /** Undefined: nothing is known. */
  read(subject: string): Promise<T | undefined>;
  /** Throws the system's error when no folder can have it. */
  write(subject: string, value: T): Promise<void>;
  /** Forgets what is known of a subject. Throws the system's error. */
  forget(subject: string): Promise<void>;
}

interface MemoryOptions<T> {
  /** What the names of the files begin with. */
  readonly kind: string;
  /** What tells the destination that it is about from others. */
  readonly destination: string;
  /** Undefined for what is no such value. */
  readonly parse: (value: Readonly<Record<string, unknown>>) => T | undefined;
  /** The first one that has it, or can have it, counts. */
  readonly folders?: readonly string[] | undefined;
}

/** Milliseconds after which nobody needs a file that is not written any more: a year. */
const LIFETIME_MS = 366 * 86_400_000;

/** Files of one kind at most: the oldest go first. */
const MOST = 200;

/** Opens the memory of one kind of things about one destination. */
export function openMemory<T extends object>({
  kind,
  destination,
  parse,
  folders = stateFolders(),
}: MemoryOptions<T>): Memory<T> {
  const nameOf = (subject: string) => {
    const hash = createHash('sha256')
      .update(JSON.stringify([destination, subject]))
      .digest('hex');
    return `${kind}-${hash.slice(0, 16)}.json`;
  };
  const understand = (text: string | undefined): T | undefined => {
    try {
      return parse((JSON.parse(text ?? '') ?? {}) as Record<string, unknown>);
    } catch {
      // What is damaged says nothing.
      return undefined;
    }
  };
  let used = folders[0] ?? '/';
  return {
    path: (subject) => join(used, nameOf(subject)),
    async read(subject) {
      for (const folder of folders) {
        const value = understand(await readPlainFile(join(folder, nameOf(subject))).catch(() => undefined));
        if (value === undefined) continue;
        used = folder;
        return value;
      }
      return undefined;
    },
    async write(subject, value) {
      const text = JSON.stringify({ destination, subject, ...value });
      let failure: unknown;
      for (const folder of new Set([used, ...folders])) {
        try {
          await makeFolder(folder, 0o755);
          await replaceFile(join(folder, nameOf(subject)), text, 0o600);
          used = folder;
          return await prune(folder, kind);
        } catch (error) {
          failure ??= error;
        }
      }
      throw failure;
    },
    async forget(subject) {
      for (const folder of folders) await rm(join(folder, nameOf(subject)), { force: true });
    },
  };
}

/** Removes what is of use no more. */
async function prune(folder: string, kind: string): Promise<void> {
  const isOurs = (name: string) =>
    name.startsWith(`${kind}-`) && /^[0-9a-f]{16}\.json$/.test(name.slice(kind.length + 1));
  const names = (await readdir(folder)).filter(isOurs);
  const found: { readonly path: string; readonly written: number }[] = [];
  for (const name of names) {
    const path = join(folder, name);
    const written = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined, // another run has removed it
    );
    if (written !== undefined) found.push({ path, written });
  }
  const newestFirst = found.toSorted((a, b) => b.written - a.written);
  for (const [index, { path, written }] of newestFirst.entries()) {
    if (index < MOST && written > Date.now() - LIFETIME_MS) continue;
    await unlink(path).catch((error: unknown) => {
      if (!hasCode(error, 'ENOENT')) throw error;
    });
  }
}
