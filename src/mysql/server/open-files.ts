import { readFile } from 'node:fs/promises';
import type { MysqlServer } from './server.ts';
import { queryTablespaces } from './tablespaces.ts';

/** For what is open besides tablespaces: libraries, logs, sockets, tables of other engines, one at a time. */
const RESERVE = 2000;

/** Tables made while the backup runs. */
const GROWTH = 1.25;

const LIMIT_OF_KERNEL = '/proc/sys/fs/nr_open';

/**
 * How many files the backup program must be allowed to open, for `--open-files-limit`: it keeps every tablespace open,
 * and each partition has one. Throws a TwinDbError that names a missing privilege.
 */
export async function countOpenFiles(server: Pick<MysqlServer, 'query' | 'flavour'>): Promise<number> {
  const row = await queryTablespaces<{ files: string }>(server, 'COUNT(*) AS files');
  const wanted = Math.ceil(Number(row?.files ?? 0) * GROWTH) + RESERVE;
  // Asking for more than the kernel allows would get nothing.
  const allowed = await readFile(LIMIT_OF_KERNEL, 'utf8').then(Number, () => Number.POSITIVE_INFINITY);
  return Math.min(wanted, allowed);
}
