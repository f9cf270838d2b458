import { basename, dirname } from 'node:path';
import { quoteLocation } from '../../copies/quote-location.ts';
import { type RestoredData, SAVED_CONFIG_PREFIX, serviceOf } from '../../mysql/copy/advice.ts';
import { isOutside, layoutOf, type OutsideFolder } from '../../mysql/copy/server-layout.ts';
import type { Action } from './actions.ts';
import type { InstallHost } from './install-host.ts';
import { asideOf, placeOf } from './place.ts';
import { RESTORED_RECORD } from './restored-record.ts';

/** What is installed. */
export type Installable = Pick<
  RestoredData,
  'dst' | 'flavour' | 'config' | 'setup' | 'names' | 'innodbLogFileSize'
>;

/** How restored data are put into place. */
export interface InstallPlan {
  /** When; also the name by which it is undone. */
  readonly date: string;
  /** The folder that gets what was there before, beside the data directory. */
  readonly place: string;
  /** The data directory, without links. */
  readonly datadir: string;
  /** The data were restored into the data directory itself. */
  readonly isInPlace: boolean;
  readonly actions: readonly Action[];
  /** Where the logs of the old server are then; undefined: where they were, or there are none. */
  readonly oldLogs: string | undefined;
  /** Where the saved configuration files are then; undefined: there are none. */
  readonly savedConfig: string | undefined;
}

/** Servers run as this account where nothing else tells. */
const SERVER_OWNER = 'mysql:mysql';

/** These keep the size of their redo log in files of their own, and the server must be told it. */
const NEEDS_LOG_FILE_SIZE = ['mysql-5.7', 'mysql-8.0'];

/** What has to be done on this host for a server to run on restored data, in order. Changes nothing. */
export function planInstall(data: Installable, host: InstallHost, now: Date): InstallPlan {
  const layout = layoutOf(data.setup, data.config);
  // Of a data directory that is a link, the folder itself is moved: a new one in the place of the link may be on a smaller disk.
  const datadir = host.realPath(layout.datadir);
  const dst = host.realPath(data.dst);
  const isInPlace = dst === datadir;
  const { date, place } = unusedPlace(datadir, host, now);
  const old = isInPlace ? undefined : host.ownershipOf(datadir);
  const owner = serverOwner(datadir, host);
  const outside = layout.outside.flatMap((folder) =>
    replaceFolder(data.names, folder, { datadir, place, owner }, host),
  );
  const logs = layout.outsideLogs === undefined ? [] : setLogsAside(layout.outsideLogs, place, host);
  const configs = data.names.filter(
    (name) => name === RESTORED_RECORD || name.startsWith(`${SAVED_CONFIG_PREFIX}@`),
  );
  const relabelled = [
    datadir,
    ...outside.flatMap((action) => (action.do === 'move-into' ? [action.to] : [])),
  ];
  const logFolder = logs.find((action) => action.do === 'move-into')?.to;
  const hasOldLogs = Boolean(data.setup?.settings['log_bin_basename']);
  return {
    date,
    place,
    datadir,
    isInPlace,
    actions: [
      { do: 'stop', unit: serviceOf(data), remark: whichServer(data, datadir) },
      { do: 'make', folder: place, mode: 0o700 },
      ...(isInPlace
        ? []
        : [
            ...setAside(datadir, place, host),
            ...putIn({ dst, names: data.names }, { datadir, place }, host),
          ]),
      ...(configs.length === 0
        ? []
        : ([
            { do: 'make', folder: `${place}/config`, mode: 0o700 },
            { do: 'move-into', from: datadir, to: `${place}/config`, names: configs },
          ] as const)),
      { do: 'chown', path: datadir, owner },
      ...(old === undefined ? [] : [{ do: 'chmod', path: datadir, mode: old.mode } as const]),
      ...outside,
      ...logs,
      ...(host.hasLabels
        ? [...new Set(relabelled)]
            .filter((path) => !`${path}/`.startsWith(`${place}/`))
            .map((path) => ({ do: 'relabel', path }) as const)
        : []),
      ...noteLogFileSize(data),
      { do: 'start', unit: serviceOf(data) },
    ],
    oldLogs: hasOldLogs
      ? (logFolder ?? (old === undefined || layout.outsideLogs ? undefined : `${place}/data`))
      : undefined,
    savedConfig: configs.some((name) => name !== RESTORED_RECORD) ? `${place}/config` : undefined,
  };
}

/** Whose the data are to be: the account that has them now. Root has them only by mistake, and no server runs as root. */
export function serverOwner(datadir: string, host: InstallHost): string {
  const before = host.ownershipOf(datadir);
  return before === undefined || before.uid === 0 ? SERVER_OWNER : before.owner;
}

/** The first second from now on whose name is not taken. */
function unusedPlace(datadir: string, host: InstallHost, now: Date): { date: string; place: string } {
  for (let time = now.getTime(); ; time += 1000) {
    const date = `${new Date(time).toISOString().slice(0, 19).replaceAll(':', '-')}Z`;
    const place = placeOf(datadir, date);
    if (!host.exists(place)) return { date, place };
  }
}

/** Where no unit was found, there may be several servers, or something else that starts this one. */
function whichServer({ setup }: Installable, datadir: string): string | undefined {
  return setup === undefined || setup.unit !== undefined
    ? undefined
    : `or whatever else runs the server whose data are in ${datadir}`;
}

/** Moves the old data directory out of the way; a mount point cannot be moved, only what is in it. */
function setAside(datadir: string, place: string, host: InstallHost): Action[] {
  if (!host.exists(datadir)) return [];
  const to = `${place}/data`;
  if (!host.isMountPoint(datadir)) return [{ do: 'move', from: datadir, to }];
  return [
    { do: 'make', folder: to, mode: 0o700 },
    { do: 'move-into', from: datadir, to },
  ];
}

/** Moves the restored data to where the server looks for them: the folder itself, or what is in it where one of the two stays. */
function putIn(
  { dst, names }: { readonly dst: string; readonly names: readonly string[] },
  { datadir, place }: { readonly datadir: string; readonly place: string },
  host: InstallHost,
): Action[] {
  // The restored data move along where they are below the old ones.
  const from = isOutside(dst, datadir) ? dst : `${place}/data${dst.slice(datadir.length)}`;
  const stays = host.isMountPoint(datadir) || host.isMountPoint(dst) || !isOutside(datadir, dst);
  const parent = dirname(datadir);
  if (stays) {
    return [
      { do: 'make', folder: datadir, mode: 0o700 },
      { do: 'move-into', from, to: datadir, names },
    ];
  }
  return [
    ...(host.exists(parent) ? [] : [{ do: 'make', folder: parent } as const]),
    { do: 'move', from, to: datadir },
  ];
}

/** For a folder that the server has beside its data directory: it would start with the old files there, and have new rows among old ones. */
function replaceFolder(
  names: readonly string[],
  { folder, options, isOwn }: OutsideFolder,
  { datadir, place, owner }: { readonly datadir: string; readonly place: string; readonly owner: string },
  host: InstallHost,
): Action[] {
  const restored = names.filter(isOwn);
  // What was below the old data directory has been moved with it.
  const real = host.realPath(folder);
  const isApart = isOutside(real, datadir);
  const old = isApart ? host.list(real).filter(isOwn) : [];
  if (restored.length === 0 && old.length === 0) return [];
  const aside = asideOf(place, real);
  return [
    {
      do: 'note',
      text: `${options.join(', ')}: the server looks for these files in ${quoteLocation(real)}, not in the data directory`,
    },
    ...(isApart && host.exists(real) ? [] : [{ do: 'make', folder: real, owner } as const]),
    ...(old.length === 0
      ? []
      : ([
          { do: 'make', folder: aside, mode: 0o700 },
          { do: 'move-into', from: real, to: aside, names: old },
        ] as const)),
    ...(restored.length === 0
      ? []
      : [{ do: 'move-into', from: datadir, to: real, names: restored } as const]),
  ];
}

/** The old server's logs would be gone on with, numbers and GTIDs, though they are ahead of the restored data. */
function setLogsAside(logs: string, place: string, host: InstallHost): Action[] {
  const [folder, prefix] = [host.realPath(dirname(logs)), `${basename(logs)}.`];
  if (!host.list(folder).some((name) => name.startsWith(prefix))) return [];
  const aside = asideOf(place, folder);
  return [
    {
      do: 'note',
      text: 'log_bin: the logs of the old server, which are ahead of these data; they are needed for the replay',
    },
    { do: 'make', folder: aside, mode: 0o700 },
    { do: 'move-into', from: folder, to: aside, prefix },
  ];
}

function noteLogFileSize({ flavour, innodbLogFileSize }: Installable): Action[] {
  return NEEDS_LOG_FILE_SIZE.includes(flavour.name) && innodbLogFileSize !== undefined
    ? [{ do: 'note', text: `in my.cnf, section [mysqld]: innodb_log_file_size=${innodbLogFileSize}` }]
    : [];
}
