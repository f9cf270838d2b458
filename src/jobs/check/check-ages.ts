import type { MaxAges } from '../../config/kinds.ts';
import type { Media } from '../../copies/key.ts';
import { TwinDbError } from '../../errors.ts';
import { FILES } from '../../kinds/files.ts';
import { MYSQL } from '../../kinds/mysql.ts';
import { toSeconds } from '../../units.ts';
import type { JobContext } from '../job-context.ts';
import { openPlaces } from '../record/open-places.ts';
import { findStale, type StaleSource } from './stale-sources.ts';

const SERVER = 'mysql';

/**
 * Compares the age of the newest copy on the destination, as the statuses of this host tell it, with the limits, for each
 * directory and the server that the configuration backs up; `media` leaves only those or that. Throws a TwinDbError when it
 * backs up neither and somebody has asked for an age (`isAsked`), and when a status cannot be read.
 */
export async function checkAges(
  limits: MaxAges,
  { media, isAsked }: { readonly media: Media | undefined; readonly isAsked: boolean },
  context: JobContext,
): Promise<StaleSource[]> {
  const { backupDirs, backupMysql } = context.config.source;
  const directories = media === undefined || media === 'files' ? backupDirs : [];
  const servers = backupMysql && (media === undefined || media === 'mysql') ? [SERVER] : [];
  const sources = [...directories, ...servers];
  if (sources.length === 0 && !isAsked) return [];
  if (sources.length === 0) {
    throw new TwinDbError(
      'There is no age to check: the configuration names nothing of this kind to back up',
      {
        remedy: 'Name directories in [source] backup_dirs, or leave out the limit of age.',
      },
    );
  }
  const { files, mysql } = await openPlaces(context);
  const [listed, server] = [await files.destination.status.read(), await mysql.destination.status.read()];
  const copies = [
    ...FILES.copies(listed.status).map((copy) => ({ ...copy, source: copy.sourcePath })),
    ...MYSQL.copies(server.status).map((copy) => ({ ...copy, source: SERVER })),
  ];
  return findStale(sources, copies, limits, toSeconds(context.now()));
}
