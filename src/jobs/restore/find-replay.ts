import { warnIfUnproven } from '../../catalogue/authenticate.ts';
import type { Catalogue, CatalogueContext } from '../../catalogue/catalogue.ts';
import { keepTrusted, recordOf } from '../../catalogue/keep-trusted.ts';
import { type KnownBinlog, listBinlogs, lookUpBinlogs } from '../../catalogue/list-binlogs.ts';
import type { MysqlChain } from '../../catalogue/mysql-chain.ts';
import { describeError } from '../../errors.ts';
import { planReplay, type StoredBinlog } from '../../mysql/binlog/plan-replay.ts';
import type { RestoredData } from '../../mysql/copy/advice.ts';
import type { ReplayKnowledge } from '../../mysql/copy/advise-replay.ts';
import { toSeconds } from '../../units.ts';

/** The copies of the binary logs of one host. */
interface HostBinlogs {
  readonly binlogs: readonly StoredBinlog[];
  /** Why not all of them could be found; undefined: they could. */
  readonly reason: string | undefined;
}

/** Finds the logs of the host whose data are restored. Throws only when the signal comes: the data can be had without them. */
export async function findHostBinlogs({ full }: MysqlChain, catalogue: Catalogue): Promise<HostBinlogs> {
  const { context } = catalogue;
  const host = full[0]?.parsed.host ?? '';
  try {
    const { trusted, reason } = await findTrustedBinlogs(host, catalogue);
    return { binlogs: trusted.map(toStored), reason };
  } catch (error) {
    context.signal.throwIfAborted();
    return { binlogs: [], reason: describeError(error) };
  }
}

/** The logs of a host that a restore would use, and why there may be more; undefined: there are no more. Throws when nothing can be found out. */
export async function findTrustedBinlogs(
  host: string,
  catalogue: Catalogue,
): Promise<{ readonly trusted: readonly KnownBinlog[]; readonly reason: string | undefined }> {
  const { binlogs, failure } = listBinlogs(await catalogue.list(`${host}/binlog/`));
  const { known, failure: unreadable } = await lookUpBinlogs(binlogs, catalogue);
  const reason = failure === undefined ? unreadable : describeError(failure);
  return { trusted: trustedOf(known, catalogue.context), reason };
}

/** A log that a restore would refuse must not be in the steps either; one that nothing proves is said. */
function trustedOf(
  known: readonly KnownBinlog[],
  context: Pick<CatalogueContext, 'integrity' | 'log'>,
): KnownBinlog[] {
  const refused: unknown[] = [];
  const trusted = known.flatMap((binlog) => {
    try {
      const candidates = keepTrusted(binlog.candidates, {
        log: { warn: (message) => context.log.debug(message) },
      });
      return [{ ...binlog, candidates }];
    } catch (error) {
      refused.push(error);
      return [];
    }
  });
  const [first, ...others] = refused;
  if (first !== undefined) {
    const more = others.length === 0 ? 'It is' : `It and ${others.length} more logs are`;
    context.log.warn(`${describeError(first)}\n${more} left out of the steps.`);
  }
  // Without a key nothing is proven, and the restore of each log says so.
  for (const { candidates } of context.integrity.keys() === undefined ? [] : trusted) {
    const [{ location, lookup }] = candidates as [KnownBinlog['candidates'][number]];
    warnIfUnproven(lookup.verdict, location, context);
  }
  return trusted;
}

/** What of a log matters to what can be replayed. */
export function toStored({ key, name, binlog, timeCreated, copy, candidates }: KnownBinlog): StoredBinlog {
  return {
    key,
    name,
    binlog,
    timeCreated,
    listed: copy !== undefined,
    serverIdentity: copy?.serverIdentity,
    contents: copy?.contents,
    stored: Math.max(...candidates.map(({ object }) => toSeconds(object.modified))),
  };
}

/** Which of the logs go on where the restored data end. */
export function findReplay(
  { full, incremental }: MysqlChain,
  { binlog = '' }: Pick<RestoredData, 'binlog'>,
  { binlogs, reason }: HostBinlogs,
): ReplayKnowledge {
  const { serverIdentity, backupStarted, backupFinished } = recordOf(incremental ?? full) ?? {};
  const plan = planReplay({ binlog, serverIdentity, backupStarted, backupFinished }, binlogs);
  if (reason === undefined) return plan;
  return plan.kind === 'known' ? { ...plan, mayMiss: reason } : { kind: 'unknown', reason };
}
