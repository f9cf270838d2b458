import { keepLocalKey } from '../copies/keep-local-key.ts';
import { parseKey } from '../copies/key.ts';
import { COPY_TYPES, type MysqlCopy, SERVER_VENDORS } from '../copies/mysql-copy.ts';
import { RUN_TYPES, type RunType } from '../copies/run-type.ts';
import { TwinDbError } from '../errors.ts';
import type { Attributes } from '../status/entries.ts';
import { mapSections, type PeriodicStatus, periodicFormat } from '../status/layout.ts';
import { readNumber, readTimes } from '../status/read-number.ts';
import type { StatusFormat } from '../status/status-format.ts';
import { makeReadable } from './readable-by-python.ts';
import { readConfig, saveConfig } from './saved-config.ts';
import { parseServerSetup } from './server-setup.ts';

const AS_STORED = periodicFormat({
  name: 'status',
  kind: 'mysql',
  signed: [
    'host',
    'run_type',
    'name',
    'type',
    'parent',
    'lsn',
    'binlog',
    'position',
    'gtid',
    'backup_started',
    'backup_finished',
    'wsrep_provider_version',
    'config',
    'server_vendor',
    'server_version',
    'server_identity',
    'size',
    'sha256',
    'unpacked_size',
    'chain',
    'server_setup',
  ],
});

/** The status of MySQL copies on a destination; the Python tool reads and writes the same file. */
export const MYSQL_STATUS: StatusFormat<PeriodicStatus> = {
  ...AS_STORED,
  // Version 2 of the Python tool writes the files in any order, version 3 adds the vendor.
  signable: (attributes) => ({
    ...attributes,
    config: Object.assign({}, ...readConfig(attributes)) as unknown,
    server_vendor: attributes['server_vendor'] ?? 'oracle',
  }),
  serialise: (status) => AS_STORED.mapEntries(status, makeReadable),
};

/**
 * The same below keep_local_path. There the Python tool puts its remote status as it is, with keys that end in .gpg
 * although the files don't; ours has true keys.
 */
export const LOCAL_MYSQL_STATUS: StatusFormat<PeriodicStatus> = {
  ...MYSQL_STATUS,
  // With [gpg] the configuration files in the remote entry, which it puts here, have lost their secrets; ours are those that were signed.
  withExtraAttributes(status, other) {
    const known = new Map(AS_STORED.entries(other));
    return AS_STORED.mapEntries(AS_STORED.withExtraAttributes(status, other), (key, attributes) => {
      const { mac, config } = known.get(key) ?? {};
      return mac !== undefined && mac === attributes['mac'] ? { ...attributes, config } : attributes;
    });
  },
  parse: (content) => {
    const status = AS_STORED.parse(content);
    return mapSections(status, (runType) =>
      Object.fromEntries(Object.entries(status[runType]).map((entry) => withTrueKeys(...entry))),
    );
  },
};

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
    server_setup: copy.serverSetup ?? null,
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
  const { chain } = attributes;
  const [lsn, times] = [readNumber(attributes['lsn']), readTimes(key, attributes)];
  if (parsed?.media !== 'mysql' || parsed.runType !== runType || type === undefined) return undefined;
  if (lsn === undefined || times === undefined) return undefined;
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
    backupStarted: times.started,
    backupFinished: times.finished,
    galera: attributes['galera'] === true,
    wsrepProviderVersion: text(attributes['wsrep_provider_version']),
    config: readConfig(attributes),
    // Absent means oracle (contract: status files); version 2 of the Python tool knew no other.
    serverVendor: SERVER_VENDORS.find((each) => each === attributes['server_vendor']) ?? 'oracle',
    serverVersion: text(attributes['server_version']),
    serverIdentity: text(attributes['server_identity']),
    serverSetup: parseServerSetup(attributes['server_setup']),
    size: number(attributes['size']),
    sha256: text(attributes['sha256']),
    unpackedSize: number(attributes['unpacked_size']),
    chain: Array.isArray(chain) ? chain.filter((suffix) => typeof suffix === 'string') : undefined,
  };
}

function isPositive(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
