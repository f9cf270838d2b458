import { listStreamedLogs } from '../../catalogue/streamed-logs.ts';
import { ownerMark, type StreamedName } from '../../copies/streamed-part.ts';
import { ConfigError } from '../../errors.ts';
import { BINLOG } from '../../kinds/binlog.ts';
import { type ClosedBinlog, listBinlogs } from '../../mysql/binlog/binlogs.ts';
import type { MysqlServer } from '../../mysql/server/server.ts';
import { decideStart, namesToDate, type PresentLog, type Start } from '../../mysql/stream/decide-start.ts';
import { isMissing, readTimeCreated } from '../../sources/binlog.ts';
import type { JobContext } from '../job-context.ts';
import { openPlaces } from '../record/open-places.ts';

/**
 * Where to follow the server from: behind what the destination has, which alone says so. Throws a ConfigError when binary logging is off, and a
 * TwinDbError when the server or the destination cannot be asked.
 */
export async function findStart(server: MysqlServer, context: JobContext): Promise<Start> {
  const { destination, host } = context;
  const streamed = await listStreamedLogs(destination, host);
  const { binlog: places } = await openPlaces(context);
  const sealed = BINLOG.copies((await places.destination.status.read()).status).filter(
    ({ serverIdentity }) => serverIdentity === undefined || serverIdentity === server.identity,
  );
  const logs = await listAll(server);
  const start = decideStart({
    present: await dateLogs(logs, [...streamed, ...sealed], server, context),
    streamed,
    sealed,
    mark: ownerMark(server.identity),
  });
  if (start.kind !== 'rewritten') return start;
  // What the server goes on to write belongs behind what it has, not behind what is stored.
  await server.query('FLUSH LOCAL BINARY LOGS');
  const { name } = (await listAll(server)).at(-1) ?? start.log;
  return { ...start, from: { binlog: name, position: 0, timeCreated: undefined } };
}

type Logs = readonly [ClosedBinlog, ...ClosedBinlog[]];

async function listAll(server: MysqlServer): Promise<Logs> {
  const [first, ...rest] = (await listBinlogs(server)) ?? [];
  if (first !== undefined) return [first, ...rest];
  throw new ConfigError('The server writes no binary log, so there is nothing to store', {
    remedy: 'Set log_bin in my.cnf and restart the server.',
  });
}

/** The logs, with their times as far as these matter: once one has the time of what is stored, the older ones do not. */
async function dateLogs(
  [first, ...rest]: Logs,
  stored: readonly StreamedName[],
  server: MysqlServer,
  context: JobContext,
): Promise<readonly [PresentLog, ...PresentLog[]]> {
  const times = new Map<string, number>();
  for (const name of namesToDate([first, ...rest], stored)) {
    const log = [first, ...rest].find((each) => each.name === name);
    if (log === undefined || (await isMissing(log, server))) continue;
    const timeCreated = await readTimeCreated(log, server, context);
    times.set(name, timeCreated);
    if (stored.some((each) => each.binlog === name && each.timeCreated === timeCreated)) break;
  }
  const date = (log: ClosedBinlog): PresentLog => ({ ...log, timeCreated: times.get(log.name) });
  return [date(first), ...rest.map(date)];
}
