import { realpath } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import type { Config } from '../../config/config.ts';
import { folderHere } from '../../destinations/drivers.ts';
import { hasCode, TwinDbError } from '../../errors.ts';

/**
 * The folders below `path` that hold copies, by the names that a walk from `path` finds them under: a copy must not
 * contain its predecessors, also where symbolic links hide that. Throws a TwinDbError when `path` lies in such a folder.
 */
export async function copyFoldersBelow(
  path: string,
  { destination, keepLocalPath }: Pick<Config, 'destination' | 'keepLocalPath'>,
): Promise<string[]> {
  const folders = [folderHere(destination)?.path, keepLocalPath].filter((folder) => folder !== undefined);
  const realPath = await resolveLinks(path);
  const below: string[] = [];
  for (const folder of folders) {
    const realFolder = await resolveLinks(folder);
    if (isWithin(realPath, realFolder)) {
      throw new TwinDbError(`Cannot back up ${path}: it lies in ${folder}, which holds the copies`, {
        remedy: 'Correct [source] backup_dirs, or keep the copies elsewhere.',
      });
    }
    if (isWithin(realFolder, realPath)) {
      below.push(`${path === '/' ? '' : path}/${relative(realPath, realFolder)}`);
    }
  }
  return below;
}

function isWithin(path: string, folder: string): boolean {
  return `${path}/`.startsWith(folder === '/' ? '/' : `${folder}/`);
}

/** The path without symbolic links, as far as it exists: the folder of the first copy is yet to be made. */
async function resolveLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const isAbsent = hasCode(error, 'ENOENT') && path !== dirname(path);
    // What else is wrong with it shows when it is used.
    return isAbsent ? join(await resolveLinks(dirname(path)), basename(path)) : path;
  }
}
