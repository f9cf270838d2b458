import { join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { LocalConfig } from '../config/config.ts';
import { StorageError } from '../errors.ts';
import { newPartialName } from '../lock/owner.ts';
import type { Log } from '../log.ts';
import { checkKey, PARTIAL_FOLDER } from './check-key.ts';
import type { Destination, ObjectInfo } from './destination.ts';
import { deleteFile } from './local-delete.ts';
import { absentError } from './local-errors.ts';
import { describeFile, listFiles } from './local-list.ts';
import { createFileReader } from './local-read.ts';
import { sweepFolder } from './local-sweep.ts';
import { createFileWriter } from './local-write.ts';

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
