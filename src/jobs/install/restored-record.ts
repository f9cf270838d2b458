import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import { parseServerSetup, textsOf } from '../../kinds/server-setup.ts';
import type { RestoredData } from '../../mysql/copy/advice.ts';
import { flavourByTitle } from '../../mysql/flavours.ts';
import { isRecord } from '../../status/envelope.ts';
import { readOwnFile } from './read-own-file.ts';

/** The file in restored data by which they can be put into place later. A server takes no notice of it. */
export const RESTORED_RECORD = '.twindb-restored';

/** Restored data, and the key of the copy that they are of. */
export interface RestoredCopy {
  readonly copy: string;
  readonly data: RestoredData;
  /** Whether they are up to a target that was asked for: there is nothing more to replay. */
  readonly isAtTarget: boolean;
}

/** Writes down in `dst` what was restored there, for `readRestored`. Throws the system's error. */
export async function writeRestored(restored: RestoredCopy): Promise<void> {
  // What others plant under that name is neither followed nor written to.
  await writeFile(join(restored.data.dst, RESTORED_RECORD), `${JSON.stringify(toRecord(restored))}\n`, {
    mode: 0o600,
    flag: 'wx',
    flush: true,
  });
}

/** What is in `dst`, by what a restore has written down there. Throws a TwinDbError when it has not, or the file is not ours. */
export async function readRestored(dst: string): Promise<RestoredCopy> {
  try {
    const text = await readOwnFile(join(dst, RESTORED_RECORD));
    if (text === undefined) throw new TwinDbError(`it has no file ${RESTORED_RECORD}`);
    return parseRestored(JSON.parse(text), dst, await readdir(dst));
  } catch (cause) {
    throw new TwinDbError(`There is nothing to install in ${quoteLocation(dst)}`, {
      cause,
      remedy:
        'Name the folder that restore mysql has made of a copy with --dst, or a copy that is to be restored to a new folder.',
    });
  }
}

/** What is written down of restored data: all but where they are and their names. */
export function toRecord({ copy, data, isAtTarget }: RestoredCopy): Readonly<Record<string, unknown>> {
  const { flavour, config, setup, innodbLogFileSize, galera, binlog, position, gtid } = data;
  const server = flavour.title;
  return { copy, isAtTarget, server, config, setup, innodbLogFileSize, galera, binlog, position, gtid };
}

/** The inverse of `toRecord`. Throws a TwinDbError where no server is named. */
export function parseRestored(value: unknown, dst: string, names: readonly string[]): RestoredCopy {
  const record = isRecord(value) ? value : {};
  const text = (name: string) => (typeof record[name] === 'string' ? record[name] : undefined);
  const flavour = flavourByTitle(text('server') ?? '');
  const { config, position } = record;
  if (flavour === undefined) throw new TwinDbError('what is written down of them names no server');
  return {
    copy: text('copy') ?? '',
    isAtTarget: record['isAtTarget'] === true,
    data: {
      dst,
      flavour,
      config: Array.isArray(config) ? config.map(textsOf) : [],
      setup: parseServerSetup(record['setup']),
      names,
      innodbLogFileSize: text('innodbLogFileSize'),
      galera: record['galera'] === true,
      binlog: text('binlog'),
      position: typeof position === 'number' ? position : undefined,
      gtid: text('gtid'),
    },
  };
}
