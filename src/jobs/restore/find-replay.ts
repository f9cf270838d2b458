import { describeError } from '../../errors.ts';
import { planReplay, type StoredBinlog } from '../../mysql/binlog/plan-replay.ts';
import type { RestoredData } from '../../mysql/copy/advice.ts';
import type { ReplayKnowledge } from '../../mysql/copy/advise-replay.ts';
import { toSeconds } from '../../units.ts';
import type { RecordContext } from '../find/find-record.ts';
import { keepTrusted } from '../find/keep-trusted.ts';
import { type KnownBinlog, listBinlogs, lookUpBinlogs } from '../find/list-binlogs.ts';
import type { MysqlChain } from '../find/mysql-chain.ts';
import type { JobContext } from '../job-context.ts';

/** The copies of the binary logs of one host. */
interface HostBinlogs {
  readonly binlogs: readonly StoredBinlog[];
  /** Why not all of them could be found; undefined: they could. */
  readonly reason: string | undefined;
}

/** Finds the logs of the host whose data are restored. Throws only when the signal comes: the data can be had without them. */
export async function findHostBinlogs(
  { full }: MysqlChain,
  context: RecordContext & Pick<JobContext, 'remote'>,
): Promise<HostBinlogs> {
  const host = full.candidates[0]?.parsed.host ?? '';
  try {
    const { binlogs, failure } = await listBinlogs(`${host}/binlog/`, context);
    const { known, failure: unreadable } = await lookUpBinlogs(binlogs, context);
    return {
      binlogs: known.filter((each) => isTrusted(each, context)).map(toStored),
      reason: failure === undefined ? unreadable : describeError(failure),
    };
  } catch (error) {
    context.signal.throwIfAborted();
    return { binlogs: [], reason: describeError(error) };
  }
}

/** A log that restore would refuse must not be in the advice either. */
function isTrusted({ candidates }: KnownBinlog, { log }: Pick<JobContext, 'log'>): boolean {
  try {
    return keepTrusted(candidates, { log: { warn: (message) => log.debug(message) } }).length > 0;
  } catch (error) {
    log.warn(`${describeError(error)}\nIt is left out of the steps`);
    return false;
  }
}

function toStored({ key, name, binlog, timeCreated, copy, candidates }: KnownBinlog): StoredBinlog {
  return {
    key,
    name,
    binlog,
    timeCreated,
    listed: copy !== undefined,
    serverIdentity: copy?.serverIdentity,
    stored: Math.max(...candidates.map(({ object }) => toSeconds(object.modified))),
  };
}

/** Which of the logs go on where the restored data end. */
export function findReplay(
  { full, incremental }: MysqlChain,
  { binlog = '' }: Pick<RestoredData, 'binlog'>,
  { binlogs, reason }: HostBinlogs,
): ReplayKnowledge {
  const { copy } = incremental ?? full;
  const { serverIdentity, backupStarted, backupFinished } = copy ?? {};
  const plan = planReplay({ binlog, serverIdentity, backupStarted, backupFinished }, binlogs);
  if (reason === undefined) return plan;
  return plan.kind === 'known' ? { ...plan, mayMiss: reason } : { kind: 'unknown', reason };
}
