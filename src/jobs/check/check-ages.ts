import type { MaxAges } from '../../config/kinds.ts';
import type { Media } from '../../copies/key.ts';
import { SERVER_SOURCE } from '../../copies/mysql-copy.ts';
import { TwinDbError } from '../../errors.ts';
import { FILES } from '../../kinds/files.ts';
import { MYSQL } from '../../kinds/mysql.ts';
import { tellApart } from '../../retention/own-copies.ts';
import { toSeconds } from '../../units.ts';
import type { JobContext } from '../job-context.ts';
import { openPlaces } from '../record/open-places.ts';
import { findStale, type StaleSource } from './stale-sources.ts';

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
  const { backupDirs, backupMysql, runTypes } = context.config.source;
  const directories = media === undefined || media === 'files' ? backupDirs : [];
  const servers = backupMysql && (media === undefined || media === 'mysql') ? [SERVER_SOURCE] : [];
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
  const us = { machineId: context.machineId() };
  // Those of another machine of this name say nothing of what this one does.
  const copies = [
    ...tellApart(FILES.copies(listed.status), us).ours.map((copy) => ({ ...copy, source: copy.sourcePath })),
    ...tellApart(MYSQL.copies(server.status), us).ours.map((copy) => ({ ...copy, source: SERVER_SOURCE })),
  ];
  const now = toSeconds(context.now());
  // Directories have no copies of other run types.
  const own = new Map([...limits].filter(([runType]) => runType === 'any' || runTypes.includes(runType)));
  return [...findStale(directories, copies, own, now), ...findStale(servers, copies, limits, now)];
}
