import { keepLocalKey } from '../copies/keep-local-key.ts';
import { parseKey } from '../copies/key.ts';
import { COPY_TYPES, type MysqlCopy, SERVER_VENDORS } from '../copies/mysql-copy.ts';
import { RUN_TYPES, type RunType } from '../copies/run-type.ts';
import { TwinDbError } from '../errors.ts';
import { type Attributes, type Entries, isTime } from './entries.ts';
import { mapSections, type PeriodicStatus, periodicFormat } from './periodic-status.ts';
import { makeReadable } from './readable-by-python.ts';
import { readConfig, saveConfig } from './saved-config.ts';
import type { StatusFormat } from './status-format.ts';

const AS_STORED = periodicFormat('status');

/** The status of MySQL copies on a destination; the Python tool reads and writes the same file. */
export const MYSQL_STATUS: StatusFormat<PeriodicStatus> = {
  ...AS_STORED,
  serialise: (status) =>
    mapSections(status, (runType) => mapEntries(status[runType], (key, each) => [key, makeReadable(each)])),
};

/**
 * The same below keep_local_path. There the Python tool puts its remote status as it is, with keys that end in .gpg
 * although the files don't; ours has true keys.
 */
export const LOCAL_MYSQL_STATUS: StatusFormat<PeriodicStatus> = {
  ...MYSQL_STATUS,
  parse: (content) => {
    const status = AS_STORED.parse(content);
    return mapSections(status, (runType) => mapEntries(status[runType], withTrueKeys));
  },
};

function mapEntries(
  entries: Entries,
  each: (key: string, attributes: Attributes) => readonly [string, Attributes],
): Entries {
  return Object.fromEntries(Object.entries(entries).map(([key, attributes]) => each(key, attributes)));
}

function withTrueKeys(key: string, attributes: Attributes): readonly [string, Attributes] {
  const { name, parent } = attributes;
  return [
    keepLocalKey(key),
    {
      ...attributes,
      ...(typeof name === 'string' ? { name: keepLocalKey(name) } : {}),
      ...(typeof parent === 'string' ? { parent: keepLocalKey(parent) } : {}),
    },
  ];
}

/**
 * What `HOST/status` says of a copy. Throws a TwinDbError when it lacks a number without which the Python tool would
 * take the whole status for empty.
 */
export function mysqlAttributes(copy: MysqlCopy): Attributes {
  const parsed = parseKey(copy.key);
  if (parsed?.media !== 'mysql' || parsed.runType !== copy.runType) {
    throw new TwinDbError(`Cannot record ${copy.key}: it is not the key of a ${copy.runType} MySQL copy`);
  }
  const { lsn, backupStarted, backupFinished } = copy;
  for (const [what, value] of Object.entries({ lsn, backupStarted, backupFinished })) {
    if (isPositive(value)) continue;
    throw new TwinDbError(
      `Cannot record ${copy.key}: ${what} must be a positive whole number, got ${String(value)}`,
    );
  }
  return {
    host: copy.host,
    run_type: copy.runType,
    name: copy.name,
    type: copy.type,
    parent: copy.parent ?? null,
    lsn,
    binlog: copy.binlog ?? null,
    position: copy.position ?? null,
    gtid: copy.gtid ?? null,
    backup_started: backupStarted,
    backup_finished: backupFinished,
    galera: copy.galera,
    wsrep_provider_version: copy.wsrepProviderVersion ?? null,
    ...saveConfig(copy.config),
    server_vendor: copy.serverVendor,
    server_version: copy.serverVersion ?? null,
    server_identity: copy.serverIdentity ?? null,
    size: copy.size ?? null,
    sha256: copy.sha256 ?? null,
    unpacked_size: copy.unpackedSize ?? null,
    chain: copy.chain ?? null,
  };
}

/**
 * The copies a status lists. An entry that lacks what retention and restore need is left alone: nothing deletes it,
 * and what it names as its parent must stay as well (`parentsOfOthers`).
 */
export function mysqlCopies(status: PeriodicStatus): MysqlCopy[] {
  return allEntries(status).flatMap((entry) => fromAttributes(...entry) ?? []);
}

/** The parents that entries name which are not among `mysqlCopies`. */
export function parentsOfOthers(status: PeriodicStatus): string[] {
  return allEntries(status)
    .filter((entry) => fromAttributes(...entry) === undefined)
    .flatMap(([, , { parent }]) => (typeof parent === 'string' ? [parent] : []));
}

function allEntries(status: PeriodicStatus): [RunType, string, Attributes][] {
  return RUN_TYPES.flatMap((runType) =>
    Object.entries(status[runType]).map(([key, attributes]): [RunType, string, Attributes] => [
      runType,
      key,
      attributes,
    ]),
  );
}

function fromAttributes(runType: RunType, key: string, attributes: Attributes): MysqlCopy | undefined {
  const parsed = parseKey(key);
  const type = COPY_TYPES.find((each) => each === attributes['type']);
  const { lsn, backup_started, backup_finished, chain } = attributes;
  if (parsed?.media !== 'mysql' || type === undefined) return undefined;
  if (!isPositive(lsn) || !isPositive(backup_started) || !isPositive(backup_finished)) return undefined;
  if (!isTime(backup_started) || !isTime(backup_finished)) return undefined;
  return {
    key,
    host: parsed.host,
    runType,
    name: parsed.name,
    type,
    parent: text(attributes['parent']),
    lsn,
    binlog: text(attributes['binlog']),
    position: number(attributes['position']),
    gtid: text(attributes['gtid']),
    backupStarted: backup_started,
    backupFinished: backup_finished,
    galera: attributes['galera'] === true,
    wsrepProviderVersion: text(attributes['wsrep_provider_version']),
    config: readConfig(attributes),
    // Absent means oracle (contract: status files); version 2 of the Python tool knew no other.
    serverVendor: SERVER_VENDORS.find((each) => each === attributes['server_vendor']) ?? 'oracle',
    serverVersion: text(attributes['server_version']),
    serverIdentity: text(attributes['server_identity']),
    size: number(attributes['size']),
    sha256: text(attributes['sha256']),
    unpackedSize: number(attributes['unpacked_size']),
    chain: Array.isArray(chain) ? chain.filter((suffix) => typeof suffix === 'string') : undefined,
  };
}

/** `makeReadable` puts 0 where a number is not known, so 0 is not one. */
function isPositive(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
