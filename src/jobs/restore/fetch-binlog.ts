import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { KnownBinlog } from '../../catalogue/list-binlogs.ts';
import { isBinlogName } from '../../copies/binlog-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import { type BinlogHeader, readBinlogHeader } from '../../mysql/binlog/binlog-header.ts';
import type { JobContext } from '../job-context.ts';
import { fetchCopy } from './fetch-copy.ts';

/** A folder for one log at a time. */
interface LogFolder {
  /** Emptied after each attempt that failed. */
  readonly path: string;
  /** The folder that the operator named, for messages. */
  readonly dstName: string;
}

/** A log as it was fetched. */
interface FetchedLog {
  readonly file: string;
  readonly header: BinlogHeader;
  /** Where it has come from. */
  readonly location: string;
}

/** Fetches the copy of a log into a folder, under the name that the copy has. When this throws, the folder is empty. */
export async function fetchBinlog(
  { key, name, candidates }: Pick<KnownBinlog, 'key' | 'name' | 'candidates'>,
  { path, dstName }: LogFolder,
  context: JobContext,
): Promise<FetchedLog> {
  requireLogName(key, name);
  const file = join(path, name);
  let header: BinlogHeader | undefined;
  const location = await fetchCopy(
    {
      candidates,
      dst: path,
      dstName,
      extract: () => [createWriteStream(file, { flags: 'wx', mode: 0o640 })],
      // Without a checksum this still tells an empty or foreign file.
      check: async () => {
        header = await readBinlogHeader(file);
      },
    },
    context,
  );
  if (header === undefined) throw new TwinDbError(`Nothing was fetched of ${quoteLocation(location)}`);
  return { file, header, location };
}

/** The name is that of an object on the destination, and becomes one of a file, which programs are then called with. Throws a TwinDbError. */
export function requireLogName(key: string, name: string): void {
  if (isBinlogName(name)) return;
  throw new TwinDbError(
    `${quoteLocation(key)} is no copy of a binary log: no server gives a log such a name`,
  );
}
