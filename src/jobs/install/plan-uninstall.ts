import { basename, dirname } from 'node:path';
import { serviceOf } from '../../mysql/copy/advice.ts';
import { isOutside, layoutOf } from '../../mysql/copy/server-layout.ts';
import { type Action, isKept } from './actions.ts';
import type { InstallHost } from './install-host.ts';
import type { InstallRecord } from './journal.ts';
import { asideOf, takenOutOf } from './place.ts';

/** What is known of an install that is undone. */
type Installed = Pick<InstallRecord, 'place' | 'datadir' | 'isInPlace' | 'restored' | 'install'>;

/**
 * What has to be done to have everything where it was before an install, which may have been interrupted anywhere, in order. The restored
 * data, with what a server has written since, go aside as the old ones had. Changes nothing.
 */
export function planUninstall(installed: Installed, host: InstallHost): Action[] {
  const { place, datadir, restored, install } = installed;
  const begun = install.isComplete ? install.actions : install.actions.slice(0, install.at + 1);
  const unit = serviceOf(restored.data);
  // A server that was started may have made files where there were none.
  const isDone = install.isComplete || begun.at(-1)?.do === 'start';
  return [
    { do: 'stop', unit },
    ...takeOut(installed, begun, host),
    ...outsideFolders(installed).flatMap((folder) => giveBackFolder(folder, place, { begun, isDone }, host)),
    ...giveBackData(datadir, place, host),
    { do: 'start', unit },
  ];
}

/** Takes the restored data out of the data directory, if they have come there. */
function takeOut(
  { place, datadir, isInPlace, install }: Installed,
  begun: readonly Action[],
  host: InstallHost,
): Action[] {
  const isPlacing = (action: Action) =>
    (action.do === 'move' && action.to === datadir) || (action.do === 'move-into' && action.to === datadir);
  const placing = begun.find(isPlacing) as Extract<Action, { do: 'move' | 'move-into' }> | undefined;
  const stays = host.isMountPoint(datadir);
  // As the old data are aside, what is there is new, if only an empty folder.
  const isNew = isInPlace || placing !== undefined || (!stays && host.exists(`${place}/data`));
  if (!isNew) return [];
  const to = `${takenOutOf(place)}/data`;
  const isInterrupted = placing !== undefined && begun.at(-1) === placing && !install.isComplete;
  // A copy to another file system that was made, and its original not yet removed altogether.
  const isTwice = placing?.do === 'move' && host.exists(placing.from) && host.exists(datadir);
  // What has not come there yet belongs to it.
  const rest = isInterrupted && placing.do === 'move-into' ? [placing] : [];
  const isThere = host.exists(datadir);
  if (!isThere && rest.length === 0) return [];
  return [
    { do: 'make', folder: takenOutOf(place), mode: 0o700 },
    ...(isInterrupted && isTwice ? [placing] : []),
    ...rest,
    ...(stays
      ? ([
          { do: 'make', folder: to, mode: 0o700 },
          { do: 'move-into', from: datadir, to },
        ] as const)
      : [{ do: 'move', from: datadir, to } as const]),
  ];
}

/** A folder beside the data directory that the server has files in, and which of them are its own. */
interface Folder {
  readonly folder: string;
  readonly isOwn: (name: string) => boolean;
}

function outsideFolders({ restored, datadir }: Installed): Folder[] {
  const { outside, outsideLogs } = layoutOf(restored.data.setup, restored.data.config);
  const logs =
    outsideLogs === undefined
      ? []
      : [
          {
            folder: dirname(outsideLogs),
            isOwn: (name: string) => name.startsWith(`${basename(outsideLogs)}.`),
          },
        ];
  return [...outside, ...logs].filter(({ folder }) => isOutside(folder, datadir));
}

/** What the restored server has left there goes aside, and what was there before comes back. */
function giveBackFolder(
  { folder: named, isOwn }: Folder,
  place: string,
  { begun, isDone }: { readonly begun: readonly Action[]; readonly isDone: boolean },
  host: InstallHost,
): Action[] {
  const folder = host.realPath(named);
  const aside = asideOf(place, folder);
  const old = host.list(aside).filter(isOwn);
  const now = host.list(folder).filter(isOwn);
  // Until the last of the old files is out of the way, those that are there are the old ones.
  const settingAside = begun.findLastIndex(
    (action) => action.do === 'move-into' && action.from === folder && action.to === aside,
  );
  const isReplaced = begun.some(
    (action, index) => index > settingAside && action.do === 'move-into' && action.to === folder,
  );
  const isPast = isDone || isReplaced || (settingAside >= 0 && settingAside < begun.length - 1);
  const to = asideOf(takenOutOf(place), folder);
  return [
    ...(isPast && now.length > 0
      ? ([
          { do: 'make', folder: to, mode: 0o700 },
          { do: 'move-into', from: folder, to, names: now },
        ] as const)
      : []),
    ...(old.length > 0 ? [{ do: 'move-into', from: aside, to: folder, names: old } as const] : []),
  ];
}

function giveBackData(datadir: string, place: string, host: InstallHost): Action[] {
  const from = `${place}/data`;
  if (!host.exists(from)) return [];
  // A mount point has stayed, and some of what is in it where that was interrupted.
  if (!host.isMountPoint(datadir)) return [{ do: 'move', from, to: datadir }];
  return host.list(from).some(isKept) ? [{ do: 'move-into', from, to: datadir }] : [];
}
