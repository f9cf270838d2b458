import type { FileCopy } from '../copies/file-copy.ts';
import { parseKey } from '../copies/key.ts';
import { RUN_TYPES, type RunType } from '../copies/run-type.ts';
import { type Attributes, isTime } from '../status/entries.ts';
import { type PeriodicStatus, periodicFormat } from '../status/layout.ts';

/** The status of file copies; the Python tool knows nothing of it. */
export const FILES_STATUS = periodicFormat({
  name: 'files-status',
  kind: 'files',
  signed: [
    'host',
    'run_type',
    'name',
    'source_path',
    'backup_started',
    'backup_finished',
    'size',
    'sha256',
    'unpacked_size',
    'chain',
  ],
});

/** What `HOST/files-status` says of a copy. */
export function toAttributes(copy: FileCopy): Attributes {
  return {
    host: copy.host,
    run_type: copy.runType,
    name: copy.name,
    source_path: copy.sourcePath,
    backup_started: copy.backupStarted,
    backup_finished: copy.backupFinished,
    size: copy.size,
    sha256: copy.sha256,
    unpacked_size: copy.unpackedSize ?? null,
    chain: copy.chain,
  };
}

/** The copies a status lists. An entry that lacks what retention and restore need is left alone: nothing deletes it. */
export function fileCopies(status: PeriodicStatus): FileCopy[] {
  return RUN_TYPES.flatMap((runType) =>
    Object.entries(status[runType]).flatMap(
      ([key, attributes]) => fromAttributes(runType, key, attributes) ?? [],
    ),
  );
}

function fromAttributes(runType: RunType, key: string, attributes: Attributes): FileCopy | undefined {
  const { host, name, source_path, backup_started, backup_finished, size, sha256, unpacked_size, chain } =
    attributes;
  const parsed = parseKey(key);
  if (parsed?.media !== 'files' || parsed.runType !== runType) return undefined;
  if (typeof host !== 'string' || typeof name !== 'string' || typeof source_path !== 'string')
    return undefined;
  if (!isTime(backup_started) || !isTime(backup_finished)) return undefined;
  if (typeof size !== 'number' || typeof sha256 !== 'string') return undefined;
  return {
    key,
    host,
    runType,
    name,
    sourcePath: source_path,
    backupStarted: backup_started,
    backupFinished: backup_finished,
    size,
    sha256,
    unpackedSize: typeof unpacked_size === 'number' ? unpacked_size : undefined,
    chain: Array.isArray(chain) ? chain.filter((suffix) => typeof suffix === 'string') : [],
  };
}
