import { parseKey } from '../../copies/key.ts';
import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import { TwinDbError } from '../../errors.ts';
import { LOCAL_MYSQL_STATUS, MYSQL_STATUS, mysqlCopies } from '../../kinds/mysql.ts';
import type { PeriodicStatus } from '../../status/layout.ts';
import type { JobContext } from '../job-context.ts';
import { type Candidate, findCopy } from './find-copy.ts';
import { findRecord, type RecordKind } from './find-record.ts';
import { type Known, keepTrusted } from './keep-trusted.ts';

/** A MySQL copy, the objects that hold it, and what is known of it. */
export interface LocatedCopy {
  readonly candidates: readonly Known<MysqlCopy>[];
  /** What the first status that lists the copy says of it; undefined when none does. */
  readonly copy: MysqlCopy | undefined;
}

/** What has to be put together to have the data of a copy. */
export interface MysqlChain {
  readonly full: LocatedCopy;
  /** The copy that was asked for, when it is an incremental one. */
  readonly incremental: LocatedCopy | undefined;
}

/**
 * Finds a copy and, when it is an incremental one, the full copy that its status names as its parent. A copy that no
 * status lists is taken for a full one; `requireExtracted` of mysql-folder.ts finds out. With `onlyThere` a location means the object there: the copy in
 * another place must not stand in for it. Throws a TwinDbError that names what
 * is missing, and an UnauthenticatedError when a copy must not be used.
 */
export async function findMysqlChain(
  wanted: string,
  context: JobContext,
  { onlyThere = false }: { readonly onlyThere?: boolean } = {},
): Promise<MysqlChain> {
  const found = await locate(
    wanted,
    context,
    onlyThere ? (each) => locationOf(each) === wanted : () => false,
  );
  const place = found.candidates.find((each) => onlyThere && locationOf(each) === wanted)?.destination;
  if (found.copy?.type !== 'incremental') return { full: found, incremental: undefined };
  const { key, parent } = found.copy;
  const remedy = 'Restore another copy; twindb-backup ls shows them.';
  if (parent === undefined) {
    throw new TwinDbError(`Cannot restore ${key}: it is incremental, and its status does not name a parent`, {
      remedy,
    });
  }
  if (parseKey(parent)?.host !== found.copy.host) {
    throw new TwinDbError(
      `Cannot restore ${key}: its status names the copy of another host as its parent, ${parent}`,
      {
        remedy,
      },
    );
  }
  const full = await locate(parent, context, ({ destination }) => destination === place).catch(
    (cause: unknown) => {
      throw new TwinDbError(`Cannot restore ${key}: it continues ${parent}, which cannot be had`, {
        cause,
        remedy,
      });
    },
  );
  if (full.copy !== undefined && full.copy.type !== 'full') {
    throw new TwinDbError(
      `Cannot restore ${key}: its status names ${parent} as its parent, which is not full`,
      {
        remedy,
      },
    );
  }
  return { full, incremental: found };
}

function recordsOf(candidate: Candidate, { local }: JobContext): RecordKind<PeriodicStatus, MysqlCopy> {
  return {
    format: candidate.destination === local ? LOCAL_MYSQL_STATUS : MYSQL_STATUS,
    copies: mysqlCopies,
  };
}

function locationOf({ destination, object }: Candidate): string {
  return destination.locate(object.key);
}

/** Where there are candidates that `isMeant`, the others are none. */
async function locate(
  wanted: string,
  context: JobContext,
  isMeant: (candidate: Candidate) => boolean,
): Promise<LocatedCopy> {
  const all = await findCopy(wanted, 'mysql', context);
  const meant = all.filter(isMeant);
  const candidates = meant.length > 0 ? meant : all;
  const known: Known<MysqlCopy>[] = [];
  for (const candidate of candidates) {
    known.push({ ...candidate, lookup: await findRecord(candidate, recordsOf(candidate, context), context) });
  }
  const trusted = keepTrusted(known, context);
  const copy = trusted.find(({ lookup }) => lookup.record !== undefined)?.lookup.record;
  return { candidates: trusted, copy };
}
