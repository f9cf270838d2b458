import { type BinlogCopy, binlogKeyOfObject, originalBinlogName } from '../../copies/binlog-copy.ts';
import { nameOfKey } from '../../copies/key.ts';
import { type BinlogStatus, withBinlog } from '../../kinds/binlog.ts';
import { readSuffixes } from '../../modifiers/chain.ts';
import { BinlogCheck } from '../../mysql/binlog/binlog-check.ts';
import { parseBinlogBeginning } from '../../mysql/binlog/binlog-header.ts';
import type { FoundCopy } from '../find/list-copies.ts';
import type { JobContext } from '../job-context.ts';
import type { Examined } from './checked-copy.ts';
import { readCopy } from './read-copy.ts';

/** Reads the copy of a binary log to the end of its last event. */
export async function examineBinlog(found: FoundCopy, context: JobContext): Promise<Examined<BinlogStatus>> {
  const { object, parsed, location } = found;
  const log = new BinlogCheck(location);
  const digest = await readCopy(found, [log], context);
  return (status) => {
    const key = binlogKeyOfObject(object.key);
    const name = nameOfKey(key);
    const { scan } = log;
    const { timeCreated } = parseBinlogBeginning(log.beginning, location, object.modified);
    const copy: BinlogCopy = {
      key,
      host: parsed.host,
      name,
      binlog: originalBinlogName(name, timeCreated),
      timeCreated,
      // Not in the log itself.
      serverIdentity: undefined,
      gapAfter: undefined,
      ...digest,
      chain: readSuffixes(parsed.name),
      contents: scan.kind === 'read' ? scan.contents : undefined,
    };
    return withBinlog(status, copy);
  };
}
