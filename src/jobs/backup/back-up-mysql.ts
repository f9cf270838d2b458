import { judgeCopy } from '../../catalogue/authenticate.ts';
import type { MysqlConfig } from '../../config/config.ts';
import { keepLocalKey } from '../../copies/keep-local-key.ts';
import { mysqlCopyKey, nameOfKey, parseKey } from '../../copies/key.ts';
import { type MysqlCopy, SERVER_SOURCE, type ServerSetup } from '../../copies/mysql-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import type { RunType } from '../../copies/run-type.ts';
import type { Writer } from '../../copies/writer.ts';
import { MYSQL, MYSQL_STATUS } from '../../kinds/mysql.ts';
import type { BackupInfo } from '../../mysql/copy/backup-info.ts';
import {
  type BackupType,
  candidateParent,
  chooseBackupType,
  type ParentObject,
} from '../../mysql/copy/choose-type.ts';
import { placeUpstreams } from '../../mysql/copy/primary-position.ts';
import { findPrograms } from '../../mysql/copy/programs.ts';
import { requireUnreservedNames } from '../../mysql/copy/reserved-names.ts';
import { blankSecrets } from '../../mysql/server/blank-secrets.ts';
import { keepApplying, planReplica } from '../../mysql/server/copy-replica.ts';
import { isGalera, withDesync } from '../../mysql/server/galera.ts';
import { measureData } from '../../mysql/server/measure-data.ts';
import { collectConfigs } from '../../mysql/server/my-cnf.ts';
import { countOpenFiles } from '../../mysql/server/open-files.ts';
import { requireOwnDatadir } from '../../mysql/server/own-files.ts';
import { readLsn } from '../../mysql/server/read-lsn.ts';
import type { MysqlServer } from '../../mysql/server/server.ts';
import { readServerSetup } from '../../mysql/server/server-setup.ts';
import { findContinuable } from '../../retention/own-copies.ts';
import { type MysqlFacts, openMysqlSource } from '../../sources/mysql.ts';
import type { Status } from '../../status/entries.ts';
import { toSeconds } from '../../units.ts';
import type { JobContext } from '../job-context.ts';
import { findOwn } from '../record/find-own.ts';
import type { CopyPlaces } from '../record/record-copy.ts';
import { writerOf } from '../record/server-writer.ts';
import { warnOfFuture } from '../record/warn-of-future.ts';
import { warnOfShrinkage } from '../record/warn-of-shrinkage.ts';
import { noteTables } from './note-tables.ts';
import { recordStored } from './record-stored.ts';
import { logFieldsOf, type StoredObject, storeCopy } from './store-copy.ts';
import { takenKeys, unusedStarts } from './unused-start.ts';
import { warnOfUncopied } from './warn-of-uncopied.ts';

/**
 * Backs up the MySQL server, enters the copy in the status and its retention, at the destination and locally. Returns
 * the bytes stored on the destination.
 */
export async function backUpMysql(
  server: MysqlServer,
  mysql: MysqlConfig,
  runType: RunType,
  places: CopyPlaces,
  context: JobContext,
): Promise<number> {
  const galera = await isGalera(server);
  const copyData = await planCopy(server, mysql, { runType, galera }, places, context);
  return galera ? await withDesync(server, copyData, context) : await copyData();
}

interface Kind {
  readonly runType: RunType;
  readonly galera: boolean;
}

/** All that can be found out before the server is disturbed. Returns what takes the copy and records it. */
async function planCopy(
  server: MysqlServer,
  mysql: MysqlConfig,
  { runType, galera }: Kind,
  places: CopyPlaces,
  context: JobContext,
): Promise<() => Promise<number>> {
  const { config, host, log, now } = context;
  const programs = await findPrograms(server, mysql, context.signal);
  await requireUnreservedNames(server);
  await requireOwnDatadir(server);
  const { status } = await places.destination.status.read();
  const taken = await takenKeys(places);
  const us = writerOf(server, context);
  warnOfFuture(MYSQL, status, context);
  const own = findOwn(MYSQL, status, us, context);
  await warnOfUncopied(server, context);
  const choice = await chooseType(server, mysql, { runType, us }, status, context);
  const parent = choice.type === 'full' ? undefined : choice.parent;
  const openFiles = await countOpenFiles(server);
  const about = await describeServer(server, galera, context);
  const replica = await planReplica(server, about.serverSetup.upstreams, mysql.safeSlaveBackup);
  for (const { state, message } of replica.doubts) context.warnLasting(state, message);
  const unpackedSize = parent === undefined ? await measureData(server) : undefined;
  const previousSize = sizeOfLatest(own, runType, choice.type);

  return async () => {
    const keyOf = (start: Date) => mysqlCopyKey(host, runType, start);
    const startAt = unusedStarts(taken, keyOf, now());
    await using source = await openMysqlSource({
      server,
      programs,
      fromLsn: parent?.lsn,
      openFiles,
      galera,
      replicaOptions: replica.options,
      pace: mysql.pace,
      size: unpackedSize,
      log,
    });
    const keyAt = (index: number) => keyOf(startAt(index));
    const tablesThroughout = await noteTables(server, context);
    const store = () => storeCopy(source, { keyAt, previousSize }, context);
    const stored = await (replica.stopsApplying ? keepApplying(server, store, context) : store());
    const tables = await tablesThroughout();
    const info = source.facts();
    const finished = toSeconds(now());
    const describe = (object: StoredObject): MysqlCopy => ({
      ...about,
      ...us,
      // With gpg the destination is not trusted, and the status there is the one thing that is not encrypted.
      config: config.gpg && object !== stored.local ? blankSecrets(about.config) : about.config,
      ...coordinates(info),
      serverSetup: placeSetup(about.serverSetup, info),
      host,
      runType,
      type: choice.type,
      // Where the copy lies unencrypted, so does its parent.
      parent: parent && (object === stored.local ? keepLocalKey(parent.key) : parent.key),
      ...nameOf(object),
      unpackedSize,
      tables,
      backupStarted: toSeconds(startAt(stored.index)),
      backupFinished: finished,
    });
    await recordStored(stored, places, MYSQL, describe, context);
    warnOfShrinkage(
      MYSQL,
      (await places.destination.status.read()).status,
      { source: SERVER_SOURCE, us, justMade: stored.atDestination.key },
      context,
    );
    log.info(
      `Backed up MySQL (${choice.type}) to ${quoteLocation(context.destination.locate(stored.atDestination.key))}`,
      logFieldsOf(stored),
    );
    return stored.atDestination.size;
  };
}

/** Full or incremental, and why. */
export async function chooseType(
  server: MysqlServer,
  { fullBackup }: MysqlConfig,
  { runType, us }: { readonly runType: RunType; readonly us: Writer },
  status: Status,
  context: JobContext,
): Promise<BackupType> {
  const { config, host, log } = context;
  const copies = findContinuable(MYSQL.copies(status), us).filter((copy) => copy.host === host);
  const wanted = { runType, fullBackup, copies, counts: config.retention, now: toSeconds(context.now()) };
  const candidate = candidateParent(wanted);
  const choice = chooseBackupType({
    ...wanted,
    parent: candidate && (await examineParent(candidate, status, context)),
    server: { ...server, lsn: await readLsn(server) },
  });
  if (choice.type === 'full' && choice.warn)
    log.warn(`A full copy instead of an incremental one: ${quoteLocation(choice.reason)}`);
  else log.debug(`The copy is ${choice.type}: ${quoteLocation(choice.reason)}`);
  return choice;
}

async function examineParent(
  { key, size }: MysqlCopy,
  status: Status,
  context: JobContext,
): Promise<ParentObject> {
  const object = await context.destination.stat(key);
  if (!object) return 'absent';
  const [, attributes] = MYSQL_STATUS.entries(status).find(([each]) => each === key) ?? [];
  const parsed = parseKey(key);
  const verdict =
    parsed && judgeCopy({ place: 'destination', object, parsed }, MYSQL_STATUS, { attributes }, context);
  // With a key here only what is signed is continued: an incremental copy vouches for its parent.
  const isProven = verdict?.kind === 'authentic' || (verdict?.kind === 'unproven' && verdict.isSigned);
  if (!isProven && context.integrity.keys() !== undefined) return 'unsigned';
  // The Python tool recorded no sizes, and left empty objects where gpg had failed (contract D1).
  return object.size > 0 && (size ?? object.size) === object.size ? 'whole' : 'damaged';
}

type AboutServer = Pick<
  MysqlCopy,
  'galera' | 'wsrepProviderVersion' | 'config' | 'serverVendor' | 'serverVersion' | 'serverIdentity'
> & { readonly serverSetup: ServerSetup };

async function describeServer(
  server: MysqlServer,
  galera: boolean,
  { log }: JobContext,
): Promise<AboutServer> {
  return {
    galera,
    wsrepProviderVersion: galera ? await server.status('wsrep_provider_version') : undefined,
    config: await collectConfigs(server, log),
    serverVendor: server.vendor,
    serverVersion: server.version,
    serverIdentity: server.identity,
    serverSetup: await readServerSetup(server, log),
  };
}

function placeSetup(setup: ServerSetup, { primaryPositions }: MysqlFacts): ServerSetup {
  return { ...setup, upstreams: placeUpstreams(setup.upstreams, primaryPositions) };
}

function coordinates({
  toLsn,
  binlog,
  position,
  gtid,
}: BackupInfo): Pick<MysqlCopy, 'lsn' | 'binlog' | 'position' | 'gtid'> {
  return { lsn: toLsn, binlog, position, gtid };
}

function nameOf({
  key,
  size,
  sha256,
  chain,
}: StoredObject): Pick<MysqlCopy, 'key' | 'name' | 'size' | 'sha256' | 'chain'> {
  return { key, name: nameOfKey(key), size, sha256, chain };
}

/** Of the copies of one kind, how large the last one is: the next one will hardly differ. */
export function sizeOfLatest(
  copies: readonly MysqlCopy[],
  runType: RunType,
  type: MysqlCopy['type'],
): number | undefined {
  return copies
    .filter((copy) => copy.type === type && (type === 'full' || copy.runType === runType))
    .toSorted((a, b) => a.backupStarted - b.backupStarted)
    .at(-1)?.size;
}
