import type { BinlogContents } from '../copies/binlog-contents.ts';
import { type BinlogCopy, binlogKeyOfObject, originalBinlogName } from '../copies/binlog-copy.ts';
import { parseKey } from '../copies/key.ts';
import { TwinDbError } from '../errors.ts';
import { type Attributes, type Entries, mergeExtraAttributes, parseEntries } from '../status/entries.ts';
import { readTime, UNKNOWN_TIME } from '../status/read-number.ts';
import type { StatusFormat } from '../status/status-format.ts';

/** The content of a binlog status: the attributes of each key, without sections. Never changed in place. */
export type BinlogStatus = Entries;

/** The status of binlog copies; the Python tool reads and writes the same file, also below keep_local_path. */
export const BINLOG_STATUS: StatusFormat<BinlogStatus> = {
  name: 'binlog-status',
  kind: 'binlog',
  signed: [
    'time_created',
    'host',
    'binlog',
    'server_identity',
    'gap_after',
    'size',
    'sha256',
    'chain',
    'server_id',
    'first_time',
    'last_time',
    'gtid_start',
    'gtid_end',
    'next_binlog',
    'ended_cleanly',
  ],
  empty: {},
  parse: (content) => parseEntries(content, 'it is not a list of binlog copies'),
  serialise: (status) =>
    Object.fromEntries(Object.entries(status).map(([key, attributes]) => [key, makeReadable(attributes)])),
  signable: (attributes) => attributes,
  entries: (status) => Object.entries(status),
  mapEntries: (status, each) =>
    Object.fromEntries(Object.entries(status).map(([key, attributes]) => [key, each(key, attributes)])),
  timeOf,
  keyOf: binlogKeyOfObject,
  withoutKeys: withoutBinlogs,
  ownsObject: (status, objectKey) => Object.hasOwn(status, binlogKeyOfObject(objectKey)),
  withExtraAttributes: (status, other) => mergeExtraAttributes(status, other, timeOf),
};

/** The Python tool reads no entry without a time, and takes the whole status for empty. */
function makeReadable(attributes: Attributes): Attributes {
  const time = timeOf(attributes);
  return { ...attributes, time_created: time ?? UNKNOWN_TIME.time, ...(time ? {} : UNKNOWN_TIME.mark) };
}

/** The time in the log's header; older versions of the Python tool called it created_at. */
function timeOf(attributes: Attributes): number | undefined {
  return readTime(attributes['time_created'], attributes) ?? readTime(attributes['created_at'], attributes);
}

/** What `HOST/binlog-status` says of a copy. Throws a TwinDbError when the Python tool could not read it back. */
export function binlogAttributes(copy: BinlogCopy): Attributes {
  if (parseKey(copy.key)?.media !== 'binlog') {
    throw new TwinDbError(`Cannot record ${copy.key}: it is not the key of a binlog copy`);
  }
  if (!Number.isSafeInteger(copy.timeCreated) || copy.timeCreated <= 0) {
    throw new TwinDbError(
      `Cannot record ${copy.key}: its time must be a positive whole number, got ${copy.timeCreated}`,
    );
  }
  return {
    time_created: copy.timeCreated,
    host: copy.host,
    binlog: copy.binlog,
    server_identity: copy.serverIdentity ?? null,
    gap_after: copy.gapAfter ?? null,
    size: copy.size ?? null,
    sha256: copy.sha256 ?? null,
    chain: copy.chain ?? null,
    ...(copy.contents && contentsAttributes(copy.contents)),
  };
}

function contentsAttributes(contents: BinlogContents): Attributes {
  return {
    server_id: contents.serverId,
    first_time: contents.firstTime ?? null,
    last_time: contents.lastTime ?? null,
    gtid_start: contents.gtidStart ?? null,
    gtid_end: contents.gtidEnd ?? null,
    next_binlog: contents.nextBinlog ?? null,
    ended_cleanly: contents.endedCleanly,
  };
}

function readContents(attributes: Attributes): BinlogContents | undefined {
  const { server_id, first_time, last_time, gtid_start, gtid_end, next_binlog, ended_cleanly } = attributes;
  if (typeof server_id !== 'number' || typeof ended_cleanly !== 'boolean') return undefined;
  return {
    serverId: server_id,
    firstTime: typeof first_time === 'number' ? first_time : undefined,
    lastTime: typeof last_time === 'number' ? last_time : undefined,
    gtidStart: typeof gtid_start === 'string' ? gtid_start : undefined,
    gtidEnd: typeof gtid_end === 'string' ? gtid_end : undefined,
    nextBinlog: typeof next_binlog === 'string' ? next_binlog : undefined,
    endedCleanly: ended_cleanly,
  };
}

/** The copies a status lists. An entry without a time or of another shape is left alone: nothing deletes it. */
export function binlogCopies(status: BinlogStatus): BinlogCopy[] {
  return Object.entries(status).flatMap(([key, attributes]) => fromAttributes(key, attributes) ?? []);
}

function fromAttributes(key: string, attributes: Attributes): BinlogCopy | undefined {
  const parsed = parseKey(key);
  const timeCreated = timeOf(attributes);
  if (parsed?.media !== 'binlog' || timeCreated === undefined) return undefined;
  const { binlog, server_identity, gap_after, size, sha256, chain } = attributes;
  return {
    key,
    host: parsed.host,
    name: parsed.name,
    binlog: typeof binlog === 'string' ? binlog : originalBinlogName(parsed.name, timeCreated),
    timeCreated,
    serverIdentity: typeof server_identity === 'string' ? server_identity : undefined,
    gapAfter: typeof gap_after === 'string' ? gap_after : undefined,
    size: typeof size === 'number' ? size : undefined,
    sha256: typeof sha256 === 'string' ? sha256 : undefined,
    chain: Array.isArray(chain) ? chain.filter((suffix) => typeof suffix === 'string') : undefined,
    contents: readContents(attributes),
  };
}

/** `status` with the entry of a copy, which `sign` may add to. */
export function withBinlog(
  status: BinlogStatus,
  copy: BinlogCopy,
  sign: (key: string, attributes: Attributes) => Attributes = (_key, attributes) => attributes,
): BinlogStatus {
  return { ...status, [copy.key]: sign(copy.key, binlogAttributes(copy)) };
}

export function withoutBinlogs(status: BinlogStatus, keys: readonly string[]): BinlogStatus {
  const gone = new Set(keys);
  return Object.fromEntries(Object.entries(status).filter(([key]) => !gone.has(key)));
}
