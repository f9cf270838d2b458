import { keepLocalKey } from '../copies/keep-local-key.ts';
import type { MysqlCopy } from '../copies/mysql-copy.ts';
import { RUN_TYPES } from '../copies/run-type.ts';
import { IntegrityError, TwinDbError } from '../errors.ts';
import { type BackupInfo, type InfoFile, parseBackupInfo } from '../mysql/copy/backup-info.ts';
import { XbstreamCheck } from '../mysql/copy/xbstream-check.ts';
import { ANY_FILES, vendorOf } from '../mysql/flavours.ts';
import type { Status } from '../status/entries.ts';
import { describeName } from './describe-name.ts';
import type { Examination, Surroundings } from './examination.ts';
import type { FoundCopy } from './found-copy.ts';

/** The copies that a status lists. */
type Reader = (status: Status) => readonly MysqlCopy[];

/** Reads the stream of a MySQL copy, and keeps the files that show its type and LSN. */
export function examineMysql(
  copiesOf: Reader,
  found: FoundCopy,
  { readDestination, isThere }: Surroundings,
): Examination<MysqlCopy> {
  const stream = new XbstreamCheck([...ANY_FILES.checkpoints, ...ANY_FILES.info, ...ANY_FILES.galeraInfo]);
  return {
    stages: [stream],
    async describe(digest) {
      const info = readInfo(stream.kept);
      const isFull = info.type === 'full';
      const listElsewhere = isFull ? () => [] : await readElsewhere(found, copiesOf, readDestination);
      return (status) => {
        const about = describe(found, info);
        const candidates = () => [...copiesOf(status), ...listElsewhere()];
        return {
          ...about,
          ...digest,
          parent: isFull ? undefined : parentKey(found, about, candidates(), isThere),
          galera: ANY_FILES.galeraInfo.some((name) => stream.kept.has(name)),
          // Page-compressed tables take less on a disk than in the stream.
          unpackedSize: undefined,
        };
      };
    },
  };
}

/** Trouble with another place says nothing about the copy itself, so it is thrown only when the parent is looked for. */
async function readElsewhere(
  { place }: FoundCopy,
  copiesOf: Reader,
  readDestination: Surroundings['readDestination'],
): Promise<() => readonly MysqlCopy[]> {
  if (place === 'destination') return () => [];
  try {
    const copies = copiesOf(await readDestination()).map((copy) => ({
      ...copy,
      key: keepLocalKey(copy.key),
    }));
    return () => copies;
  } catch (cause) {
    return () => {
      throw new TwinDbError('it is incremental, and its full copy cannot be looked for', { cause });
    };
  }
}

/** The backup program writes these last, so a stream without them was cut short between two files. */
function readInfo(kept: ReadonlyMap<string, string>): BackupInfo {
  const pick = (names: readonly string[]): InfoFile => {
    for (const path of names) {
      const content = kept.get(path);
      if (content !== undefined) return { path, content };
    }
    throw new IntegrityError(`the stream in it was cut short: there is no ${names.join(' or ')} in it`);
  };
  return parseBackupInfo({ checkpoints: pick(ANY_FILES.checkpoints), info: pick(ANY_FILES.info) });
}

interface Described extends Omit<MysqlCopy, 'parent' | 'galera' | 'size' | 'sha256' | 'unpackedSize'> {
  readonly fromLsn: number;
}

/** What the copy's own files and its name tell; the server's configuration stood in the lost status only. */
function describe(found: FoundCopy, info: BackupInfo): Described {
  const { named } = describeName(found, 'xbstream');
  return {
    ...named,
    type: info.type,
    fromLsn: info.fromLsn,
    lsn: info.toLsn,
    binlog: info.binlog,
    position: info.position,
    gtid: info.gtid,
    backupFinished: named.backupStarted + (info.seconds ?? 0),
    wsrepProviderVersion: undefined,
    config: [],
    serverVendor: vendorOf(info.serverVersion ?? ''),
    serverVersion: info.serverVersion,
    serverIdentity: undefined,
  };
}

function parentKey(
  { place }: FoundCopy,
  copy: Described,
  copies: readonly MysqlCopy[],
  isThere: Surroundings['isThere'],
): string {
  const { key } = findParent(copy, copies, isThere);
  return place === 'local' ? keepLocalKey(key) : key;
}

/**
 * The full copy that ends where this one begins. Of several, as of a server that stood still, the one that the rule for
 * parents names: of the nearest run type, the newest.
 */
function findParent(
  copy: Described,
  copies: readonly MysqlCopy[],
  isThere: Surroundings['isThere'],
): MysqlCopy {
  const rank = ({ runType }: Pick<MysqlCopy, 'runType'>) => RUN_TYPES.indexOf(runType);
  const fitting = copies.filter(
    (other) =>
      other.type === 'full' &&
      other.host === copy.host &&
      other.lsn === copy.fromLsn &&
      other.backupStarted <= copy.backupStarted &&
      rank(other) >= rank(copy),
  );
  const sorted = fitting.toSorted((a, b) => rank(a) - rank(b) || b.backupStarted - a.backupStarted);
  const parent = sorted.find(({ key }) => isThere(key));
  if (parent !== undefined) return parent;
  if (sorted[0]) throw new TwinDbError(`it continues ${sorted[0].key}, which is gone`);
  throw new TwinDbError(
    `it is incremental and begins at LSN ${copy.fromLsn}, where no full copy in the status ends`,
  );
}
