import { type BinlogCopy, binlogKeyOfObject, originalBinlogName } from '../copies/binlog-copy.ts';
import { parseKey } from '../copies/key.ts';
import { TwinDbError } from '../errors.ts';
import { type Attributes, type Entries, isTime, mergeExtraAttributes, parseEntries } from './entries.ts';
import type { StatusFormat } from './status-format.ts';

/** The content of a binlog status: the attributes of each key, without sections. Never changed in place. */
export type BinlogStatus = Entries;

/** The status of binlog copies; the Python tool reads and writes the same file, also below keep_local_path. */
export const BINLOG_STATUS: StatusFormat<BinlogStatus> = {
  name: 'binlog-status',
  empty: {},
  parse: (content) => parseEntries(content, 'it is not a list of binlog copies'),
  serialise: (status) =>
    Object.fromEntries(
      Object.entries(status).map(([key, attributes]) => [
        key,
        // The Python tool reads no entry without it, and takes the whole status for empty.
        { ...attributes, time_created: timeOf(attributes) ?? 0 },
      ]),
    ),
  keysOf: Object.keys,
  withoutKeys: withoutBinlogs,
  ownsObject: (status, objectKey) => Object.hasOwn(status, binlogKeyOfObject(objectKey)),
  withExtraAttributes: (status, other) => mergeExtraAttributes(status, other, timeOf),
};

/** The time in the log's header; older versions of the Python tool called it created_at. */
function timeOf({ time_created, created_at }: Attributes): number | undefined {
  const time = time_created ?? created_at;
  return typeof time === 'number' && Number.isSafeInteger(Math.trunc(time)) ? Math.trunc(time) : undefined;
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
  };
}

/** The copies a status lists. An entry without a time or of another shape is left alone: nothing deletes it. */
export function binlogCopies(status: BinlogStatus): BinlogCopy[] {
  return Object.entries(status).flatMap(([key, attributes]) => fromAttributes(key, attributes) ?? []);
}

function fromAttributes(key: string, attributes: Attributes): BinlogCopy | undefined {
  const parsed = parseKey(key);
  const timeCreated = timeOf(attributes);
  // 0 is what `serialise` puts where the time is not known.
  if (parsed?.media !== 'binlog' || !isTime(timeCreated) || timeCreated <= 0) return undefined;
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
  };
}

export function withBinlog(status: BinlogStatus, copy: BinlogCopy): BinlogStatus {
  return { ...status, [copy.key]: binlogAttributes(copy) };
}

export function withoutBinlogs(status: BinlogStatus, keys: readonly string[]): BinlogStatus {
  const gone = new Set(keys);
  return Object.fromEntries(Object.entries(status).filter(([key]) => !gone.has(key)));
}
