import type { MysqlConfig } from '../../config/config.ts';
import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import { type Flavour, flavourOf, vendorOf } from '../flavours.ts';
import { type BackupPrograms, findPrograms } from './programs.ts';

/** The program that the operator has named; it wins over the one that a copy needs. */
export type ChosenPrograms = Pick<MysqlConfig, 'xtrabackupBinary'>;

/** What the search for them is given: the job's own context. */
interface Search {
  readonly programs: ChosenPrograms;
  /** Ends the search, as a program that is asked for its version may hang. */
  readonly signal: AbortSignal;
}

/** The programs for a copy, and the flavour of the server it was made from. */
export interface CopyPrograms {
  readonly flavour: Flavour;
  readonly programs: BackupPrograms;
}

type Origin = Pick<MysqlCopy, 'serverVendor' | 'serverVersion'>;

/**
 * The program that prepares a copy. The status of a copy that the Python tool made does not tell the server's
 * version, and before version 3 not even its maker: then what is installed here decides, until the copy's own files tell
 * (`programsByInfo`). Throws a TwinDbError that names the package when there are none, and the reason of the signal when that
 * has aborted.
 */
export async function programsByStatus(copy: Origin | undefined, search: Search): Promise<CopyPrograms> {
  const isKnown = copy !== undefined && (copy.serverVersion !== undefined || copy.serverVendor !== 'oracle');
  if (isKnown) return await findFor(flavourOf(copy.serverVendor, copy.serverVersion), search);
  try {
    return await findFor(flavourOf('oracle', undefined), search);
  } catch (error) {
    return await findFor(flavourOf('mariadb', undefined), search).catch(() => {
      search.signal.throwIfAborted();
      throw error;
    });
  }
}

/** The same once the server's version is known from the info file of the extracted copy; those found `before`, if that fits. */
export async function programsByInfo(
  before: CopyPrograms,
  serverVersion: string,
  copy: Origin | undefined,
  search: Search,
): Promise<CopyPrograms> {
  const vendor = vendorOf(serverVersion);
  // Percona's version looks like Oracle's; its status knows better.
  const isPercona = vendor === 'oracle' && copy?.serverVendor === 'percona';
  const flavour = flavourOf(isPercona ? 'percona' : vendor, serverVersion);
  return flavour.title === before.flavour.title ? before : await findFor(flavour, search);
}

async function findFor(flavour: Flavour, { programs, signal }: Search): Promise<CopyPrograms> {
  return { flavour, programs: await findPrograms({ flavour }, programs, signal) };
}
