import type { MysqlConfig } from '../../config/config.ts';
import { type BinlogCopy, binlogCopyKey, binlogKeyOfObject } from '../../copies/binlog-copy.ts';
import { nameOfKey } from '../../copies/key.ts';
import { type ClosedBinlog, closeBinlogs } from '../../mysql/binlog/binlogs.ts';
import {
  type BinlogChoice,
  chooseBinlogs,
  describeHistory,
  namesToCompare,
  type ServerBinlog,
} from '../../mysql/binlog/choose-binlogs.ts';
import type { MysqlServer } from '../../mysql/server/server.ts';
import { openBinlogSource, readTimeCreated } from '../../sources/binlog.ts';
import { type BinlogStatus, binlogCopies } from '../../status/binlog-status.ts';
import { toSeconds } from '../../units.ts';
import type { JobContext } from '../job-context.ts';
import type { CopyPlace, CopyPlaces } from '../record/record-copy.ts';
import { expireBinlogs, recordBinlog } from './record-binlog.ts';
import { recordStored } from './record-stored.ts';
import { type StoredObject, storeCopy } from './store-copy.ts';
import { readAll } from './unused-start.ts';

type Places = CopyPlaces<BinlogStatus>;

/**
 * Copies every closed binary log that is newer than the last copied one, in order, and ends at the first failure: a later
 * log must not hide that an earlier one is missing. Then copies older than `expire_log_days` go. Returns the bytes stored
 * on the destination.
 */
export async function backUpBinlogs(
  server: MysqlServer,
  { expireLogDays }: MysqlConfig,
  places: Places,
  context: JobContext,
): Promise<number> {
  const { log } = context;
  const closedLogs = await closeBinlogs(server);
  if (closedLogs === undefined) {
    log.debug('Binary logging is off: there are no binary logs to copy');
    return 0;
  }
  const { status } = await places.remote.status.read();
  const { logs, history } = await choose(server, closedLogs, binlogCopies(status), context);
  const { level, message } = describeHistory(history);
  if (logs.length > 0) log[level](message);
  const taken = logs.length > 0 ? await takenKeys(places, context) : new Set<string>();
  let gapAfter = history.kind === 'gap' ? history.after : undefined;
  let size = 0;
  for (const closed of logs) {
    const { key, size: added } = await copyBinlog(server, closed, { gapAfter, taken }, places, context);
    taken.add(key);
    size += added;
    gapAfter = undefined;
  }
  const policy = { expireLogDays, now: toSeconds(context.now()), serverIdentity: server.identity };
  await expireBinlogs(places.remote, policy, context);
  if (places.local) await expireBinlogs(places.local, policy, context);
  return size;
}

/**
 * The keys that a new copy cannot have: those that a status lists, those whose deletion is pending, and those of the objects on
 * the destination. One of these that no status lists may be of another server, or of this one before RESET MASTER: it must not
 * be overwritten.
 */
async function takenKeys(places: Places, { remote, host }: JobContext): Promise<Set<string>> {
  const keys = new Set<string>();
  for (const { status, deletions } of await readAll(places)) {
    for (const key of [...Object.keys(status), ...deletions.map(binlogKeyOfObject)]) keys.add(key);
  }
  for await (const { key } of remote.list(`${host}/binlog/`)) keys.add(binlogKeyOfObject(key));
  return keys;
}

async function choose(
  server: MysqlServer,
  closedLogs: readonly ClosedBinlog[],
  copies: readonly BinlogCopy[],
  context: JobContext,
): Promise<BinlogChoice<ClosedBinlog & ServerBinlog>> {
  const times = new Map<string, number>();
  for (const name of namesToCompare(closedLogs, copies)) {
    const closed = closedLogs.find((each) => each.name === name);
    if (closed === undefined) continue;
    const timeCreated = await readTimeCreated(closed, server, context);
    times.set(name, timeCreated);
    if (copies.some((copy) => copy.binlog === name && copy.timeCreated === timeCreated)) break;
  }
  return chooseBinlogs({
    closedLogs: closedLogs.map((closed) => ({ ...closed, timeCreated: times.get(closed.name) })),
    serverIdentity: server.identity,
    copies,
  });
}

async function copyBinlog(
  server: MysqlServer,
  closed: ClosedBinlog,
  { gapAfter, taken }: { readonly gapAfter: string | undefined; readonly taken: ReadonlySet<string> },
  places: Places,
  context: JobContext,
): Promise<Pick<StoredObject, 'key' | 'size'>> {
  const { host, log, remote } = context;
  await using source = await openBinlogSource(closed, server, context);
  const { timeCreated, encrypted } = source.facts();
  if (encrypted)
    log.debug(`${closed.name} is encrypted by the server, and of use only with the server's key`);
  const named = { binlog: closed.name, timeCreated };
  const key = binlogCopyKey(host, named, (each) => taken.has(each));
  const stored = await storeCopy(source, { key, previousSize: closed.size }, context);
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
  });
  const record = (place: CopyPlace<BinlogStatus>, object: StoredObject) =>
    recordBinlog(place, describe(object), object.key, log);
  await recordStored(stored, places, record, context);
  log.info(`Copied the binary log ${closed.name} to ${remote.locate(stored.remote.key)}`);
  return { key, size: stored.remote.size };
}
