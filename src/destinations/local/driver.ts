import { statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { quote } from 'shlex';
import { StorageError } from '../../errors.ts';
import { freeBytes } from '../../free-bytes.ts';
import { newPartialName } from '../../lock/owner.ts';
import type { Log } from '../../log.ts';
import { checkKey, PARTIAL_FOLDER } from '../check-key.ts';
import type { Destination } from '../destination.ts';
import { REQUEST_LIMITS } from '../request-limits.ts';
import { withinLimit } from '../within-limit.ts';
import type { LocalConfig } from './config.ts';
import { deleteFile } from './delete.ts';
import { describeFile, listFiles } from './list.ts';
import { moveFile } from './move.ts';
import { createFileReader } from './read.ts';
import { findAbandoned, sweepFolder } from './sweep.ts';
import { createFileWriter } from './write.ts';

/** Keeps copies in a folder of this machine, which is made when it is absent. `limits` is for tests. */
export function openLocal(config: LocalConfig, log: Log, limits = REQUEST_LIMITS): Destination {
  const root = resolve(config.backupDir);
  const pathOf = (key: string): string => {
    checkKey(key);
    return join(root, key);
  };
  const partialFolder = (host: string): string => pathOf(`${host}/x`).slice(0, -1) + PARTIAL_FOLDER;

  return {
    url: root,

    locate: (key) => join(root, key),

    write(key, { claim, replaces } = {}): Writable {
      checkKey(key);
      const host = key.slice(0, key.indexOf('/'));
      const partialPath = join(partialFolder(host), newPartialName());
      return createFileWriter({ key, pathOf, partialPath, root, claim, replaces }, log, limits);
    },

    read: (key, options): Readable => createFileReader(pathOf(key), root, limits.usualMs, options),

    async stat(key) {
      const path = pathOf(key);
      return await withinLimit(describeFile(root, key), limits.usualMs, `Cannot look at ${path}`);
    },

    list: (prefix, onClosed) => listFiles(root, { prefix, onClosed }, limits.usualMs),

    async move(from, to) {
      const [path, newPath] = [pathOf(from), pathOf(to)];
      await withinLimit(moveFile(path, newPath, root, log), limits.usualMs, `Cannot rename ${path}`);
    },

    async delete(key) {
      const path = pathOf(key);
      await withinLimit(deleteFile(path, root), limits.usualMs, `Cannot delete ${path}`);
    },

    async sweep(host) {
      if (host.includes('/')) throw new StorageError(`${JSON.stringify(host)} cannot be the name of a host`);
      const folder = partialFolder(host);
      return await withinLimit(sweepFolder(folder, root), limits.slowMs, `Cannot clean up ${folder}`);
    },

    room: async () =>
      freeBytes(await withinLimit(statfs(root), limits.usualMs, `Cannot measure the room in ${root}`)),
    async leftovers(host) {
      const folder = partialFolder(host);
      const finding = findAbandoned(folder, root);
      const found = await withinLimit(finding, limits.slowMs, `Cannot look into ${folder}`);
      return found.map((path) => ({ what: `the file ${path}`, command: `rm ${quote(path)}` }));
    },

    // Every stream closes its own file; nothing else is open.
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
