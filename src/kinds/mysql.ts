import { keepLocalKey } from '../copies/keep-local-key.ts';
import { parseKey } from '../copies/key.ts';
import { COPY_TYPES, type MysqlCopy, SERVER_SOURCE, SERVER_VENDORS } from '../copies/mysql-copy.ts';
import type { RunType } from '../copies/run-type.ts';
import { TwinDbError } from '../errors.ts';
import type { MeasuredCopy } from '../retention/find-shrinkage.ts';
import { type Attributes, isTime, type Status } from '../status/entries.ts';
import { PERIODIC } from '../status/layout.ts';
import { readNumber, readTimes } from '../status/read-number.ts';
import { type StatusFormat, statusFormat } from '../status/status-format.ts';
import {
  type AttributeTable,
  asNumber,
  asText,
  asTexts,
  optional,
  required,
  signedIn,
} from './attribute-table.ts';
import { type Kind, storedAs } from './kind.ts';
import { findMissingParent, findNeedOfParent } from './mysql-parents.ts';
import { planMysql } from './plan-mysql.ts';
import { makeReadable } from './readable-by-python.ts';
import { readConfig, saveConfig } from './saved-config.ts';
import { parseServerSetup } from './server-setup.ts';
import { SERVER_WRITER_FIELDS } from './writer-fields.ts';

const TABLE: AttributeTable<Omit<MysqlCopy, 'key'>> = {
  host: required('host', (_, { parsed }) => parsed.host),
  runType: required('run_type', (_, { parsed }) => parsed.runType),
  name: required('name', (_, { parsed }) => parsed.name),
  type: required('type', (value) => COPY_TYPES.find((each) => each === value)),
  parent: optional('parent', asText),
  lsn: required('lsn', readNumber),
  binlog: optional('binlog', asText),
  position: optional('position', asNumber),
  gtid: optional('gtid', asText),
  backupStarted: required('backup_started', (_, entry) => readTimes(entry.key, entry.attributes)?.started),
  backupFinished: required('backup_finished', (_, entry) => readTimes(entry.key, entry.attributes)?.finished),
  galera: { ...required('galera', (value) => value === true), signed: [] },
  wsrepProviderVersion: optional('wsrep_provider_version', asText),
  config: { signed: ['config'], write: saveConfig, read: ({ attributes }) => readConfig(attributes) },
  // Absent means oracle (contract: status files); version 2 of the Python tool knew no other.
  serverVendor: required(
    'server_vendor',
    (value) => SERVER_VENDORS.find((each) => each === value) ?? 'oracle',
  ),
  serverVersion: optional('server_version', asText),
  serverIdentity: optional('server_identity', asText),
  size: optional('size', asNumber),
  sha256: optional('sha256', asText),
  unpackedSize: optional('unpacked_size', asNumber),
  chain: optional('chain', asTexts),
  serverSetup: optional('server_setup', parseServerSetup),
  ...SERVER_WRITER_FIELDS,
  tables: optional('tables', asText),
};

/** The status of MySQL copies on a destination; the Python tool reads and writes the same file. */
export const MYSQL_STATUS = statusFormat({
  name: 'status',
  kind: 'mysql',
  signed: signedIn(TABLE),
  timeOf: ({ backup_started }) => (isTime(backup_started) ? backup_started : undefined),
  identityOf: ({ backup_started }) => readNumber(backup_started),
  // Version 2 of the Python tool writes the files in any order, version 3 adds the vendor.
  signable: (attributes) => ({
    ...attributes,
    config: Object.assign({}, ...readConfig(attributes)) as unknown,
    server_vendor: attributes['server_vendor'] ?? 'oracle',
  }),
  store: makeReadable,
});

/**
 * The same below keep_local_path. There the Python tool puts its remote status as it is, with keys that end in .gpg
 * although the files don't; ours has true keys.
 */
export const LOCAL_MYSQL_STATUS: StatusFormat = {
  ...MYSQL_STATUS,
  // With [gpg] the configuration files in the remote entry, which it puts here, have lost their secrets; ours are those that were signed.
  withExtraAttributes(status, other) {
    const known = new Map(MYSQL_STATUS.entries(other));
    return MYSQL_STATUS.mapEntries(MYSQL_STATUS.withExtraAttributes(status, other), (key, attributes) => {
      const { mac, config } = known.get(key) ?? {};
      return mac !== undefined && mac === attributes['mac'] ? { ...attributes, config } : attributes;
    });
  },
  parse: (content) =>
    PERIODIC.map(PERIODIC.parse(content), (entries) =>
      Object.fromEntries(Object.entries(entries).map((entry) => withTrueKeys(...entry))),
    ),
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

/** Copies of a MySQL server. What an entry that retention leaves alone names as its parent must stay as well (`parentsOfOthers`). */
export const MYSQL: Kind<MysqlCopy> = {
  ...storedAs<MysqlCopy>({
    formats: { destination: MYSQL_STATUS, local: LOCAL_MYSQL_STATUS },
    table: TABLE,
    requireReadable({ key, runType, lsn, backupStarted, backupFinished }) {
      const parsed = parseKey(key);
      if (parsed?.media !== 'mysql' || parsed.runType !== runType) {
        throw new TwinDbError(`Cannot record ${key}: it is not the key of a ${runType} MySQL copy`);
      }
      for (const [what, value] of Object.entries({ lsn, backupStarted, backupFinished })) {
        if (Number.isSafeInteger(value) && value > 0) continue;
        throw new TwinDbError(
          `Cannot record ${key}: ${what} must be a positive whole number, got ${String(value)}`,
        );
      }
    },
  }),
  plan: (...args) => planMysql({ copies: copiesOf, parentsOfOthers, measure }, ...args),
  dated: (copy) => copy,
  measured: measure,
  futureMeans: 'Retention counts such copies as the oldest',
  examine: async (...args) => (await import('./examine-mysql.ts')).examineMysql(copiesOf, ...args),
  findLack: findMissingParent,
  findNeed: findNeedOfParent,
};

/** By full copies alone, of which one server has one line in a status. */
function measure({ key, type, backupStarted, unpackedSize, size }: MysqlCopy): MeasuredCopy | undefined {
  return type === 'full'
    ? { key, backupStarted, source: SERVER_SOURCE, unpackedSize, size, isEmpty: false }
    : undefined;
}

/** The parents that those entries name which are not among `copies` of the status. */
export function parentsOfOthers(status: Status, copies: readonly MysqlCopy[]): string[] {
  const known = new Set(copies.map(({ key }) => key));
  const isKnown = (key: string, runType: RunType | undefined) =>
    known.has(key) && parseKey(key)?.runType === runType;
  return PERIODIC.lists(status).flatMap(([runType, entries]) =>
    Object.entries(entries).flatMap(([key, { parent }]) =>
      typeof parent === 'string' && !isKnown(key, runType) ? [parent] : [],
    ),
  );
}

function copiesOf(status: Status): MysqlCopy[] {
  return MYSQL.copies(status);
}
