import type { MysqlConfig } from '../../config/config.ts';
import type { BinlogContents } from '../../copies/binlog-contents.ts';
import { type BinlogCopy, binlogCopyKey, binlogKeyOfObject } from '../../copies/binlog-copy.ts';
import { nameOfKey } from '../../copies/key.ts';
import { describeError } from '../../errors.ts';
import { asOneLine } from '../../foreign-text.ts';
import { BINLOG } from '../../kinds/binlog.ts';
import type { BinlogScan } from '../../mysql/binlog/binlog-scanner.ts';
import { type ClosedBinlog, closeBinlogs, listClosedBinlogs } from '../../mysql/binlog/binlogs.ts';
import {
  type BinlogChoice,
  type ChosenBinlog,
  chooseBinlogs,
  describeHistory,
  describeRemoved,
  namesToCompare,
  type ServerBinlog,
} from '../../mysql/binlog/choose-binlogs.ts';
import { describeUnlogged, findUnlogged } from '../../mysql/binlog/unlogged.ts';
import type { MysqlServer } from '../../mysql/server/server.ts';
import { isMissing, openBinlogSource, readTimeCreated } from '../../sources/binlog.ts';
import { toSeconds } from '../../units.ts';
import type { JobContext } from '../job-context.ts';
import { expireBinlogs } from '../record/expire-binlogs.ts';
import { findOwn } from '../record/find-own.ts';
import type { CopyPlaces } from '../record/record-copy.ts';
import { writerOf } from '../record/server-writer.ts';
import { warnOfFuture } from '../record/warn-of-future.ts';
import { dropStreamed } from './drop-streamed.ts';
import { recordStored } from './record-stored.ts';
import { logFieldsOf, type StoredObject, storeCopy } from './store-copy.ts';
import { inOrder, readAll } from './unused-start.ts';

/** What was copied in a run. */
interface Copied {
  /** Keys of the copies. */
  readonly keys: Set<string>;
  /** Bytes stored on the destination. */
  readonly size: number;
}

const NOTHING_COPIED: Copied = { keys: new Set(), size: 0 };

/**
 * Copies every closed binary log that is newer than the last copied one, in order, and ends at the first failure: a later
 * log must not hide that an earlier one is missing. Then copies older than `expire_log_days` go, and the parts that
 * `stream binlog` has stored of what is copied. Returns the bytes stored on the destination.
 *
 * What is closed already is copied first: when the server begins a new log, it purges those that are older than its own limit.
 * Nothing else is where the server is followed as it writes, and need not begin a new log: `closes` is false then.
 */
export async function backUpBinlogs(
  server: MysqlServer,
  { expireLogDays }: MysqlConfig,
  places: CopyPlaces,
  context: JobContext,
  { closes }: { readonly closes: boolean } = { closes: true },
): Promise<number> {
  const closedLogs = await listClosedBinlogs(server);
  if (closedLogs === undefined) {
    context.log.debug('Binary logging is off: there are no binary logs to copy');
    return 0;
  }
  await warnOfUnlogged(server, context);
  warnOfFuture(BINLOG, (await places.destination.status.read()).status, context);
  const before = await copyNewer(server, closedLogs, places, context);
  const nowClosed = closes ? ((await closeBinlogs(server)) ?? []) : closedLogs;
  const { keys, size } = closes ? await copyNewer(server, nowClosed, places, context) : NOTHING_COPIED;
  const policy = {
    expireLogDays,
    now: toSeconds(context.now()),
    serverIdentity: server.identity,
    justCopied: new Set([...before.keys, ...keys]),
  };
  const us = writerOf(server, context);
  await expireBinlogs(places.destination, us, policy, context);
  if (places.local) await expireBinlogs(places.local, us, policy, context);
  await dropStreamed(nowClosed, places, policy, context);
  return before.size + size;
}

/** Logs that cannot be told about are copied all the same. */
async function warnOfUnlogged(server: MysqlServer, { log, signal, warnLasting }: JobContext): Promise<void> {
  try {
    const message = describeUnlogged(await findUnlogged(server));
    if (message !== undefined) warnLasting('unlogged changes', message);
  } catch (error) {
    signal.throwIfAborted();
    log.debug(`Cannot find out what the binary logs do not hold: ${describeError(error)}`);
  }
}

/** Copies those of the closed logs that are newer than the last copied one. */
async function copyNewer(
  server: MysqlServer,
  closedLogs: readonly ClosedBinlog[],
  places: CopyPlaces,
  context: JobContext,
): Promise<Copied> {
  const { log } = context;
  const { logs, history } = await chooseLogs(
    server,
    closedLogs,
    findOwn(BINLOG, (await places.destination.status.read()).status, writerOf(server, context), context),
    context,
  );
  const keys = new Set<string>();
  if (logs.length === 0) return { keys, size: 0 };
  const { level, message } = describeHistory(history);
  // The server chose the names in it.
  log[level](asOneLine(message));
  const taken = await takenLogKeys(places, context);
  let size = 0;
  for (const chosen of logs) {
    const removed = describeRemoved(chosen);
    if (removed !== undefined) log.warn(asOneLine(removed));
    const copied = await copyBinlog(server, chosen, taken, places, context);
    taken.add(copied.key);
    keys.add(copied.key);
    size += copied.size;
  }
  return { keys, size };
}

/**
 * The keys that a new copy cannot have: those that a status lists, those whose deletion is pending, and those of the objects on
 * the destination. One of these that no status lists may be of another server, or of this one before RESET MASTER: it must not
 * be overwritten.
 */
export async function takenLogKeys(
  places: CopyPlaces,
  { destination, host }: JobContext,
): Promise<Set<string>> {
  const keys = new Set<string>();
  for (const { status, deletions } of await readAll(places)) {
    for (const key of [...Object.keys(status), ...deletions.map(binlogKeyOfObject)]) keys.add(key);
  }
  // They are in this folder itself: one below it may be closed.
  for await (const { key } of destination.list(`${host}/binlog/`, () => {})) keys.add(binlogKeyOfObject(key));
  return keys;
}

/** The closed logs that are newer than the last copied one. */
export async function chooseLogs(
  server: MysqlServer,
  closedLogs: readonly ClosedBinlog[],
  copies: readonly BinlogCopy[],
  context: JobContext,
): Promise<BinlogChoice<ClosedBinlog & ServerBinlog>> {
  const missing = new Set<ClosedBinlog>();
  for (const closed of closedLogs) if (await isMissing(closed, server)) missing.add(closed);
  const times = new Map<string, number>();
  for (const name of namesToCompare(closedLogs, copies)) {
    const closed = closedLogs.find((each) => each.name === name);
    if (closed === undefined || missing.has(closed)) continue;
    const timeCreated = await readTimeCreated(closed, server, context);
    times.set(name, timeCreated);
    if (copies.some((copy) => copy.binlog === name && copy.timeCreated === timeCreated)) break;
  }
  return chooseBinlogs({
    closedLogs: closedLogs.map((closed) => ({
      ...closed,
      timeCreated: times.get(closed.name),
      isMissing: missing.has(closed),
    })),
    serverIdentity: server.identity,
    copies,
    now: toSeconds(context.now()),
  });
}

async function copyBinlog(
  server: MysqlServer,
  { log: closed, gapAfter }: ChosenBinlog<ClosedBinlog>,
  taken: ReadonlySet<string>,
  places: CopyPlaces,
  context: JobContext,
): Promise<Pick<StoredObject, 'key' | 'size'>> {
  const { host, log, destination } = context;
  await using source = await openBinlogSource(closed, server, context);
  const { timeCreated } = source.facts();
  const named = { binlog: closed.name, timeCreated };
  const keyAt = inOrder<string>((before) =>
    binlogCopyKey(host, named, (each) => taken.has(each) || before.includes(each)),
  );
  const stored = await storeCopy(source, { keyAt, previousSize: closed.size }, context);
  const key = keyAt(stored.index);
  const contents = readContents(closed.name, source.facts().scan, context);
  const describe = ({ size, sha256, chain }: StoredObject): BinlogCopy => ({
    ...named,
    key,
    host,
    name: nameOfKey(key),
    serverIdentity: server.identity,
    gapAfter,
    size,
    sha256,
    chain,
    contents,
    ...writerOf(server, context),
  });
  await recordStored(stored, places, BINLOG, describe, context);
  log.info(
    `Copied the binary log ${closed.name} to ${destination.locate(stored.atDestination.key)}`,
    logFieldsOf(stored),
  );
  return { key, size: stored.atDestination.size };
}

/** What is in a log, where that can be told. A copy is good without it. */
function readContents(
  name: string,
  scan: BinlogScan,
  { log, warnLasting }: JobContext,
): BinlogContents | undefined {
  if (scan.kind === 'read') return scan.contents;
  if (scan.kind === 'encrypted') {
    log.debug(`${name} is encrypted by the server, and of use only with the server's key`);
    return undefined;
  }
  log.debug(`${name} was copied, but could not be read: ${scan.reason}`);
  warnLasting(
    'unreadable binlogs',
    `The contents of binary logs could not be read (${scan.reason}). They were copied as they are, but their times and GTIDs ` +
      'are missing in the status. Try one on a test server: mysqlbinlog or mariadb-binlog shows whether it is damaged',
  );
  return undefined;
}
