import { createHash } from 'node:crypto';
import { readdir, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../errors.ts';
import { makeFolder } from '../make-folder.ts';
import { stateFolders } from './machine-id.ts';
import { readPlainFile, replaceFile } from './replace-file.ts';

/** A copy that this machine has stored. */
export interface StoredMark {
  readonly key: string;
  /** When it was begun, in seconds since the epoch. */
  readonly started: number;
}

/** What this machine has stored of a host at its destination. */
export interface StoredMarks {
  readonly newest: StoredMark;
  /** One that was the newest once, and was not there any more. */
  readonly missed?: StoredMark;
}

/** The memory of one destination. It is on this machine, as a destination that has lost everything cannot show that it has. */
export interface StoredRecord {
  /** The file that has it, or would have it. */
  path(host: string): string;
  /** Undefined: nothing is known. */
  read(host: string): Promise<StoredMarks | undefined>;
  /** Throws the system's error when no folder can have it. */
  write(host: string, marks: StoredMarks): Promise<void>;
  /** Forgets what was stored of a host. Throws the system's error. */
  forget(host: string): Promise<void>;
}

const NAME = /^stored-[0-9a-f]{16}\.json$/;

/** Milliseconds after which nobody needs a record that is not written any more: a year. */
const LIFETIME_MS = 366 * 86_400_000;

/** Records of this machine at most: the oldest go first. */
const MOST = 200;

/** Opens the memory of a destination; `destination` is what tells it from others. The first of `folders` that has it, or can have it, counts. */
export function openStoredRecord(
  destination: string,
  folders: readonly string[] = stateFolders(),
): StoredRecord {
  const nameOf = (host: string) => {
    const hash = createHash('sha256')
      .update(JSON.stringify([destination, host]))
      .digest('hex');
    return `stored-${hash.slice(0, 16)}.json`;
  };
  let used = folders[0] ?? '/';
  return {
    path: (host) => join(used, nameOf(host)),
    async read(host) {
      for (const folder of folders) {
        const marks = parse(await readPlainFile(join(folder, nameOf(host))).catch(() => undefined));
        if (marks === undefined) continue;
        used = folder;
        return marks;
      }
      return undefined;
    },
    async write(host, marks) {
      const text = JSON.stringify({ destination, host, ...marks });
      let failure: unknown;
      for (const folder of new Set([used, ...folders])) {
        try {
          await makeFolder(folder, 0o755);
          await replaceFile(join(folder, nameOf(host)), text, 0o600);
          used = folder;
          return await prune(folder);
        } catch (error) {
          failure ??= error;
        }
      }
      throw failure;
    },
    async forget(host) {
      for (const folder of folders) await rm(join(folder, nameOf(host)), { force: true });
    },
  };
}

/** What is damaged says nothing. */
function parse(text: string | undefined): StoredMarks | undefined {
  try {
    const { newest, missed } = JSON.parse(text ?? '') as Partial<StoredMarks>;
    if (!isMark(newest)) return undefined;
    return { newest, ...(isMark(missed) && { missed }) };
  } catch {
    return undefined;
  }
}

function isMark(value: unknown): value is StoredMark {
  const { key, started } = (value ?? {}) as Partial<StoredMark>;
  return typeof key === 'string' && typeof started === 'number';
}

/** Removes the records of destinations that are used no more. */
async function prune(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => NAME.test(name));
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
