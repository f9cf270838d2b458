import { parseKey } from '../copies/key.ts';
import type { MysqlCopy } from '../copies/mysql-copy.ts';
import { TwinDbError } from '../errors.ts';
import type { FoundCopy } from '../kinds/found-copy.ts';
import { MYSQL } from '../kinds/mysql.ts';
import type { Catalogue, KnownCopy } from './catalogue.ts';
import { findCopy } from './find-copy.ts';
import { keepTrusted, recordOf } from './keep-trusted.ts';

/** A MySQL copy in the places that have it, as far as it may be used: what is proven first. */
type UsableCopy = readonly KnownCopy<MysqlCopy>[];

/** What has to be put together to have the data of a copy. */
export interface MysqlChain {
  readonly full: UsableCopy;
  /** The copy that was asked for, when it is an incremental one. */
  readonly incremental: UsableCopy | undefined;
}

/**
 * Finds a copy and, when it is an incremental one, the full copy that its status names as its parent. A copy that no
 * status lists is taken for a full one; `requireExtracted` of mysql-folder.ts finds out. With `onlyThere` a location means the object there: the copy in
 * another place must not stand in for it. Throws a TwinDbError that names what
 * is missing, and an UnauthenticatedError when a copy must not be used.
 */
export async function findMysqlChain(
  wanted: string,
  catalogue: Catalogue,
  { onlyThere = false }: { readonly onlyThere?: boolean } = {},
): Promise<MysqlChain> {
  const isMeant = ({ location }: FoundCopy) => onlyThere && location === wanted;
  const found = await locate(wanted, catalogue, isMeant);
  const place = found.find(isMeant)?.place;
  const copy = recordOf(found);
  if (copy?.type !== 'incremental') return { full: found, incremental: undefined };
  const { key, parent } = copy;
  const remedy = 'Restore another copy; twindb-backup ls shows them.';
  if (parent === undefined) {
    throw new TwinDbError(`Cannot restore ${key}: it is incremental, and its status does not name a parent`, {
      remedy,
    });
  }
  if (parseKey(parent)?.host !== copy.host) {
    throw new TwinDbError(
      `Cannot restore ${key}: its status names the copy of another host as its parent, ${parent}`,
      {
        remedy,
      },
    );
  }
  const full = await locate(parent, catalogue, (each) => each.place === place).catch((cause: unknown) => {
    throw new TwinDbError(`Cannot restore ${key}: it continues ${parent}, which cannot be had`, {
      cause,
      remedy,
    });
  });
  if ((recordOf(full)?.type ?? 'full') !== 'full') {
    throw new TwinDbError(
      `Cannot restore ${key}: its status names ${parent} as its parent, which is not full`,
      {
        remedy,
      },
    );
  }
  return { full, incremental: found };
}

/** Where there are copies that `isMeant`, the others are none. */
async function locate(
  wanted: string,
  catalogue: Catalogue,
  isMeant: (copy: FoundCopy) => boolean,
): Promise<UsableCopy> {
  const all = await findCopy(wanted, 'mysql', catalogue);
  const meant = all.filter(isMeant);
  const known = await catalogue.lookUp(meant.length > 0 ? meant : all, MYSQL);
  return keepTrusted(known, catalogue.context);
}
