import { dirname } from 'node:path';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import { serviceOf } from '../../mysql/copy/advice.ts';
import { commandWith } from '../../mysql/copy/advise-replay.ts';
import { quote } from '../../mysql/copy/quote.ts';
import type { JobContext } from '../job-context.ts';
import { type Action, lineOf } from './actions.ts';
import { carryOut, startServer } from './carry-out.ts';
import { findInstall, findInstalls } from './find-installs.ts';
import { type InstallOptions, wanted, whereItIs } from './install.ts';
import { type InstallHost, THIS_HOST } from './install-host.ts';
import { atWork, currentRun, type InstallRecord, reopenJournal } from './journal.ts';
import { sweepCopies } from './move.ts';
import { takenOutOf } from './place.ts';
import { planUninstall } from './plan-uninstall.ts';
import { requireRoot, requireStopped } from './require-installable.ts';
import { requireRoom } from './require-room.ts';

/**
 * Puts back what was there before an install, complete or interrupted, and the restored data aside. `dateOrPlace` is its date or the folder with the
 * old data. Says what is to do, a line each. Throws a TwinDbError that says at which step it stopped: the next call goes on.
 */
export async function uninstall(
  dateOrPlace: string,
  options: InstallOptions,
  context: JobContext,
  host: InstallHost = THIS_HOST,
): Promise<string[]> {
  requireRoot();
  const record = await findInstall(dateOrPlace);
  await requireUndoable(record);
  const { restored, uninstall: interrupted } = record;
  const { data } = restored;
  const remedy = `To go on: ${commandWith(context.configFile)} restore mysql --uninstall ${quote(record.place)}`;
  if (interrupted !== undefined) {
    context.log.info(`${whereItIs(record)}. It goes on from there`);
    const { actions, at } = interrupted;
    const journal = await reopenJournal(record);
    await carryOut({ actions, first: Math.max(at, 0), journal, data, remedy }, host, context);
    if (options.start && !actions.some((action) => action.do === 'start'))
      await startServer(data, context.signal);
    return report(record, options);
  }
  if (!currentRun(record).isComplete) context.log.info(`${whereItIs(record)}. It is undone`);
  await requireStopped(data, host);
  const journal = await reopenJournal(record);
  for (const folder of targetsOf(record.install.actions)) await sweepCopies(folder);
  const actions = wanted(planUninstall(record, host), options);
  for (const line of await requireRoom(actions, context.signal)) context.log.info(line);
  await journal.begin('uninstall', actions);
  await carryOut({ actions, first: 0, journal, data, remedy }, host, context);
  return report(record, options);
}

async function requireUndoable(record: InstallRecord): Promise<void> {
  const { date, datadir, place, uninstall: undone, isAtWork } = record;
  if (isAtWork) throw atWork(place);
  if (undone?.isComplete) throw new TwinDbError(`The install of ${date} was undone already`);
  const later = (await findInstalls(datadir)).findLast(
    (each) => each.date > date && !each.uninstall?.isComplete,
  );
  if (later === undefined) return;
  throw new TwinDbError(
    `The install of ${date} cannot be undone: that of ${later.date} came after it in ${quoteLocation(datadir)}`,
    { remedy: `Undo that one first: --uninstall ${later.date}` },
  );
}

/** The folders in which an interrupted install may have left what it was copying. */
function targetsOf(actions: readonly Action[]): Set<string> {
  return new Set(
    actions.flatMap((action) =>
      action.do === 'move' ? [dirname(action.to)] : action.do === 'move-into' ? [action.to] : [],
    ),
  );
}

function report({ place, datadir, restored, date }: InstallRecord, { start }: InstallOptions): string[] {
  const aside = THIS_HOST.exists(takenOutOf(place)) ? takenOutOf(place) : restored.data.dst;
  return [
    `The install of ${date} is undone: what was there before is in ${quoteLocation(datadir)} again, the restored data are in ${quoteLocation(aside)}.`,
    ...(start
      ? ['The server has been started.']
      : ['To start the server:', lineOf({ do: 'start', unit: serviceOf(restored.data) })]),
  ];
}
