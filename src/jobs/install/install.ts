import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import { serviceOf } from '../../mysql/copy/advice.ts';
import { commandWith } from '../../mysql/copy/advise-replay.ts';
import { quote } from '../../mysql/copy/quote.ts';
import { layoutOf } from '../../mysql/copy/server-layout.ts';
import type { JobContext } from '../job-context.ts';
import { type Action, describeAction, lineOf } from './actions.ts';
import { carryOut, startServer } from './carry-out.ts';
import { findUnfinished } from './find-installs.ts';
import { type InstallHost, THIS_HOST } from './install-host.ts';
import { atWork, createJournal, currentRun, type InstallRecord, reopenJournal } from './journal.ts';
import { rememberPlace } from './known-places.ts';
import { remarks } from './next-steps.ts';
import { type Installable, type InstallPlan, planInstall } from './plan-install.ts';
import { requireInstallable, requireRoot } from './require-installable.ts';
import { requireRoom } from './require-room.ts';
import type { RestoredCopy } from './restored-record.ts';

/** How restored data are put into place. */
export interface InstallOptions {
  /** Start the server then. */
  readonly start: boolean;
}

type Installed = Omit<InstallPlan, 'actions'>;

/** What came of it. */
interface InstallResult {
  /** For the operator. */
  readonly lines: string[];
  /** Where the logs of the old server are now; undefined: where they were, or there are none. */
  readonly oldLogs: string | undefined;
}

/**
 * Looks before a restore whether its data could be put into place on this host. Returns the install from the same folder that was interrupted and
 * has to go on; undefined: there is none. Throws a TwinDbError that says what is in the way.
 */
export async function prepareInstall(
  target: Pick<Installable, 'setup' | 'config' | 'flavour' | 'dst'>,
  context: JobContext,
  host: InstallHost = THIS_HOST,
): Promise<InstallRecord | undefined> {
  requireRoot();
  const { datadir: named } = layoutOf(target.setup, target.config);
  const datadir = host.realPath(named);
  if (datadir !== named)
    context.log.info(
      `The data directory ${quoteLocation(named)} is a link: ${quoteLocation(datadir)} is replaced`,
    );
  const unfinished = await findUnfinished(datadir);
  if (unfinished === undefined) {
    await requireInstallable(target, host);
    return undefined;
  }
  if (unfinished.isAtWork) throw atWork(unfinished.place);
  const { way } = currentRun(unfinished);
  if (way === 'install' && host.realPath(unfinished.restored.data.dst) === host.realPath(target.dst))
    return unfinished;
  throw new TwinDbError(`${whereItIs(unfinished)}, and has to be finished or undone first`, {
    remedy: wayOn(unfinished, context),
  });
}

/**
 * Puts restored data into place on this host, and says what is to do, a line each. What was there before goes aside, each action is in a journal
 * there. Throws a TwinDbError that says at which step it stopped: `resumeInstall` goes on.
 */
export async function install(
  restored: RestoredCopy,
  options: InstallOptions,
  context: JobContext,
  host: InstallHost = THIS_HOST,
): Promise<InstallResult> {
  requireRoot();
  const { data } = restored;
  await requireInstallable(data, host);
  const plan = planInstall(data, host, context.now());
  const actions = wanted(plan.actions, options);
  for (const line of await requireRoom(actions, context.signal)) context.log.info(line);
  const journal = await createJournal({ ...plan, actions }, restored);
  await rememberPlace(plan.place).catch(() =>
    context.log.warn(`To undo this, name the folder instead of its date: ${quoteLocation(plan.place)}`),
  );
  const remedy = wayOn({ ...plan, restored }, context);
  await carryOut({ actions, first: 0, journal, data, remedy }, host, context);
  return { lines: report(plan, restored, options, context), oldLogs: plan.oldLogs };
}

/** Goes on with an install that was interrupted. As `install` otherwise. */
export async function resumeInstall(
  record: InstallRecord,
  options: InstallOptions,
  context: JobContext,
  host: InstallHost = THIS_HOST,
): Promise<InstallResult> {
  const { restored, install: run } = record;
  context.log.info(`${whereItIs(record)}. It goes on from there`);
  const journal = await reopenJournal(record);
  const remedy = wayOn(record, context);
  const work = { actions: run.actions, first: Math.max(run.at, 0), journal, data: restored.data, remedy };
  await carryOut(work, host, context);
  if (options.start && !run.actions.some((action) => action.do === 'start'))
    await startServer(restored.data, context.signal);
  return { lines: report(record, restored, options, context), oldLogs: record.oldLogs };
}

/** The actions of a plan, and the start of the server among them only where it is asked for. */
export function wanted(actions: readonly Action[], { start }: InstallOptions): Action[] {
  return actions.filter((action) => start || action.do !== 'start');
}

/** Where an install is, in words. */
export function whereItIs(record: InstallRecord): string {
  const { way, actions, at } = currentRun(record);
  const action = actions[Math.max(at, 0)];
  const step = action === undefined ? '' : `: ${describeAction(action)}`;
  return (
    `The ${way} of ${record.date} as ${quoteLocation(record.datadir)} was interrupted` +
    ` at step ${Math.max(at, 0) + 1} of ${actions.length}${step}`
  );
}

/** The commands that go on with an install, and back. */
function wayOn(
  { restored, place }: Pick<InstallRecord, 'restored' | 'place'>,
  { configFile }: JobContext,
): string {
  const command = `${commandWith(configFile)} restore mysql`;
  return (
    `To go on: ${command} --install --dst ${quote(restored.data.dst)}. ` +
    `To go back: ${command} --uninstall ${quote(place)}`
  );
}

function report(
  { datadir, place, date, savedConfig }: Installed,
  { data }: RestoredCopy,
  { start }: InstallOptions,
  { configFile }: JobContext,
): string[] {
  const title = `The data of ${data.flavour.title}`;
  return [
    `${title} are installed in ${quoteLocation(datadir)}. What was there before is in ${quoteLocation(place)}.`,
    ...(start
      ? ['The server has been started.']
      : ['To start the server:', lineOf({ do: 'start', unit: serviceOf(data) })]),
    'To have what was there before again, and these data aside, when the server is stopped:',
    `  ${commandWith(configFile)} restore mysql --uninstall ${date}`,
    ...remarks(data, { savedConfig }),
  ];
}
