import { readdir, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { LocalConfig } from '../config/config.ts';
import { StorageError } from '../errors.ts';
import { isOwnerAlive, newPartialName } from '../lock/owner.ts';
import type { Log } from '../log.ts';
import { checkKey, PARTIAL_FOLDER } from './check-key.ts';
import type { Destination, ObjectInfo } from './destination.ts';
import { absentError, codeOf, localError, saysAbsent } from './local-errors.ts';
import { removeIfEmpty } from './local-folders.ts';
import { describeFile, listFiles } from './local-list.ts';
import { createFileReader } from './local-read.ts';
import { createFileWriter } from './local-write.ts';

async function deleteFile(path: string, root: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    // A folder is no object, so there is nothing under this key.
    if (!saysAbsent(error) && codeOf(error) !== 'EISDIR') throw localError('delete', path, root, error);
  }
}

/** Names of the half-written files in a folder. */
async function listPartials(folder: string, root: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (saysAbsent(error)) return [];
    throw localError('list', folder, root, error);
  }
}

async function sweepFolder(folder: string, root: string): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await listPartials(folder, root)) {
    if (isOwnerAlive(name)) continue;
    const path = join(folder, name);
    await deleteFile(path, root);
    removed.push(`${path}, left half-written by a run that has ended`);
  }
  await removeIfEmpty(folder).catch((error: unknown) => {
    throw localError('remove', folder, root, error);
  });
  return removed;
}

/** Keeps copies in a folder of this machine, which is made when it is absent. */
export function openLocal(config: LocalConfig, log: Log): Destination {
  const root = resolve(config.backupDir);
  const pathOf = (key: string): string => {
    checkKey(key);
    return join(root, key);
  };
  const partialFolder = (host: string): string => pathOf(`${host}/x`).slice(0, -1) + PARTIAL_FOLDER;

  return {
    url: root,

    locate: (key) => join(root, key),

    write(key): Writable {
      const path = pathOf(key);
      const host = key.slice(0, key.indexOf('/'));
      return createFileWriter({ path, partialPath: join(partialFolder(host), newPartialName()), root }, log);
    },

    read: (key): Readable => createFileReader(pathOf(key), root),

    async stat(key): Promise<ObjectInfo> {
      const path = pathOf(key);
      const info = await describeFile(root, key);
      if (!info) throw absentError(path);
      return info;
    },

    list: (prefix) => listFiles(root, prefix),

    async delete(key) {
      await deleteFile(pathOf(key), root);
    },

    async sweep(host) {
      if (host.includes('/')) throw new StorageError(`${JSON.stringify(host)} cannot be the name of a host`);
      return await sweepFolder(partialFolder(host), root);
    },

    // Every stream closes its own file; nothing else is open.
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
