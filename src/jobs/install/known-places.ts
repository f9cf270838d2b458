import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { stateFolders } from '../../lock/machine-id.ts';
import { replaceFile } from '../../lock/replace-file.ts';
import { makeFolder } from '../../make-folder.ts';
import { parsePlace } from './place.ts';
import { readOwnFile } from './read-own-file.ts';

/** The folders with the old data of installs on this machine, a line each: by their dates alone they could not be found. */
const FILE = 'installs';

/** Those that are still there, the oldest first. What cannot be read counts as none: each can be named by its path. */
export async function knownPlaces(folders: readonly string[] = stateFolders()): Promise<string[]> {
  const found = new Set<string>();
  for (const folder of folders) {
    const text = (await readOwnFile(join(folder, FILE)).catch(() => undefined)) ?? '';
    for (const line of text.split('\n')) {
      const isFolder = (await stat(line).catch(() => undefined))?.isDirectory() ?? false;
      if (isFolder && parsePlace(line) !== undefined) found.add(line);
    }
  }
  return [...found].toSorted((a, b) => (parsePlace(a)?.date ?? '').localeCompare(parsePlace(b)?.date ?? ''));
}

/** Remembers one more, in the first folder that can have it. Throws the system's error when none can. */
export async function rememberPlace(
  place: string,
  folders: readonly string[] = stateFolders(),
): Promise<void> {
  const text = [...(await knownPlaces(folders)), place].map((each) => `${each}\n`).join('');
  let failure: unknown;
  for (const folder of folders) {
    try {
      await makeFolder(folder, 0o755);
      await replaceFile(join(folder, FILE), text, 0o600);
      return;
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}
