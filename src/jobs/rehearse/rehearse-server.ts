import type { MysqlConfig } from '../../config/config.ts';
import { type BinlogCopy, binlogCopyKey } from '../../copies/binlog-copy.ts';
import { keepLocalKey } from '../../copies/keep-local-key.ts';
import { mysqlCopyKey, nameOfKey } from '../../copies/key.ts';
import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import type { RunType } from '../../copies/run-type.ts';
import { BINLOG } from '../../kinds/binlog.ts';
import { MYSQL } from '../../kinds/mysql.ts';
import { listClosedBinlogs } from '../../mysql/binlog/binlogs.ts';
import { describeHistory } from '../../mysql/binlog/choose-binlogs.ts';
import { findPrograms } from '../../mysql/copy/programs.ts';
import { measureData } from '../../mysql/server/measure-data.ts';
import type { MysqlServer } from '../../mysql/server/server.ts';
import { readTimeCreated } from '../../sources/binlog.ts';
import { toSeconds } from '../../units.ts';
import { chooseLogs, takenLogKeys } from '../backup/back-up-binlogs.ts';
import { chooseType, sizeOfLatest } from '../backup/back-up-mysql.ts';
import { BINLOG_PART, MYSQL_PART } from '../backup/run-record.ts';
import { takenKeys, unusedStarts } from '../backup/unused-start.ts';
import type { JobContext } from '../job-context.ts';
import { binlogExpiry } from '../record/expire-binlogs.ts';
import { findOwn } from '../record/find-own.ts';
import { type CopyPlaces, listPlaces } from '../record/record-copy.ts';
import { writerOf } from '../record/server-writer.ts';
import {
  type PlannedObject,
  type PlannedPart,
  planObjects,
  rehearse,
  rehearseRetention,
  unsigned,
} from './planned-part.ts';

/** What `backUpMysql` would do. Nothing but SELECT and SHOW is asked of the server. */
export async function rehearseMysql(
  server: MysqlServer,
  mysql: MysqlConfig,
  runType: RunType,
  places: CopyPlaces,
  context: JobContext,
): Promise<PlannedPart> {
  const { host, now } = context;
  await findPrograms(server, mysql, context.signal);
  const { status } = await places.destination.status.read();
  const us = writerOf(server, context);
  const own = findOwn(MYSQL, status, us, context);
  const choice = await chooseType(server, mysql, { runType, us }, status, context);
  const parent = choice.type === 'incremental' ? choice.parent : undefined;
  const keyOf = (start: Date) => mysqlCopyKey(host, runType, start);
  const start = unusedStarts(await takenKeys(places), keyOf, now())(0);
  const objects = planObjects(keyOf(start), places, context);
  const expectedSize = sizeOfLatest(own, runType, choice.type);
  const sourceSize = parent === undefined ? await measureData(server) : undefined;
  const describe = ({ role, key }: PlannedObject): MysqlCopy => ({
    ...us,
    key,
    host,
    runType,
    name: nameOfKey(key),
    type: choice.type,
    parent: parent && (role === 'local' ? keepLocalKey(parent.key) : parent.key),
    // Any will do: retention does not look at it.
    lsn: parent?.lsn ?? 1,
    binlog: undefined,
    position: undefined,
    gtid: undefined,
    backupStarted: toSeconds(start),
    backupFinished: toSeconds(now()),
    galera: false,
    wsrepProviderVersion: undefined,
    config: [],
    serverVendor: server.vendor,
    serverVersion: server.version,
    serverIdentity: server.identity,
    size: expectedSize,
    sha256: undefined,
    unpackedSize: sourceSize,
    chain: [],
  });
  return {
    ...MYSQL_PART,
    copyType: choice.type,
    reason: choice.reason,
    expectedSize,
    sourceSize,
    objects,
    decisions: await rehearseRetention(MYSQL, describe, objects, places, context),
  };
}

/** What `backUpBinlogs` would do. The server goes on to no other log, so the one that it writes is not among them. */
export async function rehearseBinlogs(
  server: MysqlServer,
  { expireLogDays }: MysqlConfig,
  places: CopyPlaces,
  context: JobContext,
): Promise<PlannedPart> {
  const { host } = context;
  const nothing = {
    ...BINLOG_PART,
    copyType: 'logs',
    expectedSize: undefined,
    objects: [],
    decisions: [],
  } as const;
  const closed = await listClosedBinlogs(server);
  if (closed === undefined)
    return { ...nothing, reason: 'binary logging is off: there is nothing to copy', sourceSize: 0 };
  const us = writerOf(server, context);
  const own = findOwn(BINLOG, (await places.destination.status.read()).status, us, context);
  const { logs, history } = await chooseLogs(server, closed, own, context);
  const taken = await takenLogKeys(places, context);
  const copies: BinlogCopy[] = [];
  for (const { log, gapAfter } of logs) {
    const timeCreated = await readTimeCreated(log, server, context);
    const key = binlogCopyKey(host, { binlog: log.name, timeCreated }, (each) => taken.has(each));
    taken.add(key);
    const unknown = { sha256: undefined, chain: undefined, contents: undefined };
    const named = { key, host, name: nameOfKey(key), binlog: log.name, timeCreated, gapAfter };
    copies.push({ ...named, ...unknown, ...us, size: log.size, serverIdentity: server.identity });
  }
  const justCopied = new Set(copies.map(({ key }) => key));
  const policy = {
    expireLogDays,
    now: toSeconds(context.now()),
    serverIdentity: server.identity,
    justCopied,
  };
  const decisions = [];
  for (const place of listPlaces(places).map(unsigned)) {
    const change = {
      ...binlogExpiry(place, us, policy, host),
      enter: (status: Parameters<typeof BINLOG.enter>[0]) =>
        copies.reduce((before, copy) => BINLOG.enter(before, copy, place.sign), status),
    };
    decisions.push(...(await rehearse(place, change, copies, context.log)));
  }
  return {
    ...nothing,
    reason: `${describeHistory(history).message}; the one that the server writes now is closed first, and copied too`,
    sourceSize: copies.reduce((sum, { size = 0 }) => sum + size, 0),
    objects: copies.flatMap(({ key }) => planObjects(key, places, context)),
    decisions,
  };
}
