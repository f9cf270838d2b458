import { type BinlogCopy, binlogKeyOfObject, originalBinlogName } from '../copies/binlog-copy.ts';
import { nameOfKey } from '../copies/key.ts';
import { readSuffixes } from '../modifiers/chain.ts';
import { BinlogCheck } from '../mysql/binlog/binlog-check.ts';
import { parseBinlogBeginning } from '../mysql/binlog/binlog-header.ts';
import type { Examination } from './examination.ts';
import type { FoundCopy } from './found-copy.ts';

/** Reads the copy of a binary log to the end of its last event. */
export function examineBinlog({ object, parsed, location }: FoundCopy): Examination<BinlogCopy> {
  const log = new BinlogCheck(location);
  return {
    stages: [log],
    describe: async (digest) => () => {
      const key = binlogKeyOfObject(object.key);
      const name = nameOfKey(key);
      const { scan } = log;
      const { timeCreated } = parseBinlogBeginning(log.beginning, location, object.modified);
      return {
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
    },
  };
}
