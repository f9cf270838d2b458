import { sanitizePath } from '../copies/names.ts';

/**
 * The directories to back up as the rest of the tool needs them: absolute, without doubled slashes or slashes at the
 * end (but `/` stays), each once. Throws what `refuse` makes of a relative path, and of two directories whose copies
 * would have the same names; warns of duplicates.
 */
export function normalizeBackupDirs(
  written: readonly string[],
  refuse: (problem: string) => Error,
  warn: (problem: string) => void,
): string[] {
  const byName = new Map<string, string>();
  for (const word of written) {
    if (!word.startsWith('/')) throw refuse(`must list absolute paths, got ${JSON.stringify(word)}`);
    const dir = word.replace(/\/+/g, '/').replace(/(?<=.)\/$/s, '');
    const name = sanitizePath(dir);
    const other = byName.get(name);
    if (other === undefined) byName.set(name, dir);
    else if (other === dir) warn(`lists ${JSON.stringify(dir)} more than once; it is backed up once`);
    else {
      throw refuse(
        `lists ${JSON.stringify(other)} and ${JSON.stringify(dir)}, whose copies would both be named ${JSON.stringify(name)}`,
      );
    }
  }
  return [...byName.values()];
}
