import type { BinlogContents } from '../copies/binlog-contents.ts';
import { type BinlogCopy, binlogKeyOfObject, originalBinlogName } from '../copies/binlog-copy.ts';
import { parseKey } from '../copies/key.ts';
import { TwinDbError } from '../errors.ts';
import { datedCopy } from '../retention/plan-binlogs.ts';
import type { Attributes } from '../status/entries.ts';
import { readTime, UNKNOWN_TIME } from '../status/read-number.ts';
import { statusFormat } from '../status/status-format.ts';
import {
  type AttributeTable,
  asNumber,
  asText,
  asTexts,
  fromKey,
  group,
  optional,
  required,
  signedIn,
} from './attribute-table.ts';
import { type Kind, storedAs } from './kind.ts';
import { PIN_FIELD } from './pin-field.ts';
import { SERVER_WRITER_FIELDS } from './writer-fields.ts';

const CONTENTS: AttributeTable<BinlogContents> = {
  serverId: required('server_id', asNumber),
  firstTime: optional('first_time', asNumber),
  lastTime: optional('last_time', asNumber),
  gtidStart: optional('gtid_start', asText),
  gtidEnd: optional('gtid_end', asText),
  nextBinlog: optional('next_binlog', asText),
  endedCleanly: required('ended_cleanly', (value) => (typeof value === 'boolean' ? value : undefined)),
  closedTime: optional('closed_time', asNumber),
  transactions: optional('transactions', asNumber),
};

const TABLE: AttributeTable<Omit<BinlogCopy, 'key'>> = {
  timeCreated: required('time_created', (_, { attributes }) => timeOf(attributes)),
  host: required('host', (_, { parsed }) => parsed.host),
  name: fromKey(({ name }) => name),
  binlog: required(
    'binlog',
    (value, { parsed, attributes }) =>
      asText(value) ?? originalBinlogName(parsed.name, timeOf(attributes) ?? 0),
  ),
  serverIdentity: optional('server_identity', asText),
  gapAfter: optional('gap_after', asText),
  size: optional('size', asNumber),
  sha256: optional('sha256', asText),
  chain: optional('chain', asTexts),
  contents: group(CONTENTS),
  ...SERVER_WRITER_FIELDS,
  ...PIN_FIELD,
};

/** The status of binlog copies; the Python tool reads and writes the same file, also below keep_local_path. */
export const BINLOG_STATUS = statusFormat({
  name: 'binlog-status',
  kind: 'binlog',
  signed: signedIn(TABLE),
  timeOf,
  keyOf: binlogKeyOfObject,
  store: (_, attributes) => makeReadable(attributes),
});

/** Copies of binary logs. */
export const BINLOG: Kind<BinlogCopy> = {
  ...storedAs<BinlogCopy>({
    formats: { destination: BINLOG_STATUS, local: BINLOG_STATUS },
    table: TABLE,
    requireReadable({ key, timeCreated }) {
      if (parseKey(key)?.media !== 'binlog') {
        throw new TwinDbError(`Cannot record ${key}: it is not the key of a binlog copy`);
      }
      if (Number.isSafeInteger(timeCreated) && timeCreated > 0) return;
      throw new TwinDbError(
        `Cannot record ${key}: its time must be a positive whole number, got ${timeCreated}`,
      );
    },
  }),
  // They expire when all logs of a run have been copied.
  plan: async () => [],
  dated: datedCopy,
  measured: () => undefined,
  futureMeans: 'Such copies of binary logs are kept until that date and expire_log_days have passed',
  examine: async (found) => (await import('./examine-binlog.ts')).examineBinlog(found),
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
