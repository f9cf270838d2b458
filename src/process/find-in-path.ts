import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { childEnvironment } from './environment.ts';

/** The path of a program, where there is one that may be run: a name is looked for in PATH, anything with a slash is a path. */
export async function findInPath(name: string): Promise<string | undefined> {
  // Where children will look, which is not always our own PATH.
  const folders = name.includes('/') ? [''] : (childEnvironment()['PATH'] ?? '').split(delimiter);
  for (const folder of folders) {
    const path = folder === '' ? name : join(folder, name);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // not here: the next folder may have it
    }
  }
  return undefined;
}

/** The first of several programs that is there, or else the preferred one: running that says that it is missing, and names its package. */
export async function findFirstInPath(names: readonly [string, ...string[]]): Promise<string> {
  for (const name of names) {
    const found = await findInPath(name);
    if (found !== undefined) return found;
  }
  return names[0];
}
