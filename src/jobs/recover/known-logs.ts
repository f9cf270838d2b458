import type { Catalogue } from '../../catalogue/catalogue.ts';
import { findTrustedBinlogs, toStored } from '../restore/find-replay.ts';
import type { RecoveryLog } from './recovery-plan.ts';

/** The copies of the binary logs of a host that a restore would use, with what the statuses say of them. Throws when they cannot be listed. */
export async function findLogs(host: string, catalogue: Catalogue): Promise<RecoveryLog[]> {
  const { trusted, reason } = await findTrustedBinlogs(host, catalogue);
  if (reason !== undefined) catalogue.context.log.warn(`There may be more copies of binary logs: ${reason}`);
  return trusted.map((binlog) => ({
    ...toStored(binlog),
    contents: binlog.copy?.contents,
    size: binlog.candidates[0]?.object.size ?? 0,
    source: { kind: 'copy', binlog },
  }));
}
