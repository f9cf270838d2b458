import { mkdir, open, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { TwinDbError } from '../../errors.ts';
import { newPartialName, ownerState } from '../../lock/owner.ts';
import { findAbandoned } from '../../lock/scratch-folder.ts';
import { makeFolder } from '../../make-folder.ts';
import { removeFolder } from '../../remove-folder.ts';
import { isRecord } from '../../status/envelope.ts';
import { syncFolder } from '../../sync-folder.ts';
import type { Action } from './actions.ts';
import { parseAction } from './parse-action.ts';
import { parsePlace } from './place.ts';
import type { InstallPlan } from './plan-install.ts';
import { readOwnFile } from './read-own-file.ts';
import { parseRestored, type RestoredCopy, toRecord } from './restored-record.ts';

/**
 * The journal of an install is a file of JSON lines in the folder that has what was there before. The first one says what is installed; one
 * with `way` and `actions` begins a run of actions, `by` names the process at work, `at` is written before each action, `end` after the last.
 */
const JOURNAL = 'journal';
const FORMAT = 1;

export type Way = 'install' | 'uninstall';

/** Actions that are performed one after the other. */
interface Run {
  readonly way: Way;
  readonly actions: readonly Action[];
  /** The last one that was begun; -1: none. */
  readonly at: number;
  readonly isComplete: boolean;
}

/** What a journal says. */
export interface InstallRecord extends Omit<InstallPlan, 'actions'> {
  readonly restored: RestoredCopy;
  /** The install, and the uninstall that was begun after it. */
  readonly install: Run;
  readonly uninstall: Run | undefined;
  /** Whether the process that wrote last is still at work. */
  readonly isAtWork: boolean;
}

/** A journal that this process writes to. */
export interface Journal {
  /** Each is on the disk when it resolves. */
  begin(way: Way, actions: readonly Action[]): Promise<void>;
  at(index: number): Promise<void>;
  end(): Promise<void>;
}

/** Where an install is: the run that counts, which is complete or was interrupted. */
export function currentRun({ install, uninstall }: InstallRecord): Run {
  return uninstall ?? install;
}

/**
 * Makes the folder `place` with a journal of this plan, in one step. What killed runs have left before that step is removed first. Throws the
 * system's error.
 */
export async function createJournal(plan: InstallPlan, restored: RestoredCopy): Promise<Journal> {
  const { place, datadir, isInPlace, oldLogs, savedConfig } = plan;
  const { dst, names } = restored.data;
  const prefix = `${basename(datadir)}.installing-`;
  await makeFolder(dirname(datadir));
  for (const abandoned of await findAbandoned(dirname(datadir), prefix)) await removeFolder(abandoned);
  const fresh = join(dirname(datadir), `${prefix}${newPartialName()}`);
  await mkdir(fresh, { mode: 0o700 });
  try {
    const head = {
      format: FORMAT,
      isInPlace,
      oldLogs,
      savedConfig,
      dst,
      names,
      restored: toRecord(restored),
    };
    await append(join(fresh, JOURNAL), head, { way: 'install', actions: plan.actions }, by());
    await syncFolder(fresh);
    await rename(fresh, place);
  } catch (error) {
    await removeFolder(fresh);
    throw error;
  }
  await syncFolder(dirname(place));
  return journalIn(place);
}

/** Goes on with the journal of an interrupted install. Throws a TwinDbError when another process does. */
export async function reopenJournal({ place }: InstallRecord): Promise<Journal> {
  const own = by();
  await append(join(place, JOURNAL), own);
  // Of two that did this at once, the first one in the file goes on.
  const [first] = (await linesOf(place)).flatMap((line) =>
    typeof line['by'] === 'string' && ownerState(line['by']) === 'alive' ? [line['by']] : [],
  );
  if (first !== own.by) throw atWork(place);
  return journalIn(place);
}

/** The error for an install that another process is at work on. */
export function atWork(place: string): TwinDbError {
  return new TwinDbError(`Another process is at work on the install in ${place}`, {
    remedy: 'Wait for its end.',
  });
}

function journalIn(place: string): Journal {
  const path = join(place, JOURNAL);
  return {
    begin: (way, actions) => append(path, { way, actions }),
    at: (index) => append(path, { at: index }),
    end: () => append(path, { end: true }),
  };
}

/** Reads the journal in a folder; undefined where there is none. Throws a TwinDbError when it cannot be used. */
export async function readJournal(place: string): Promise<InstallRecord | undefined> {
  const named = parsePlace(place);
  if (named === undefined) return undefined;
  try {
    const [head, ...lines] = await linesOf(place);
    return head === undefined ? undefined : parse(place, named, head, lines);
  } catch (cause) {
    throw new TwinDbError(`Cannot read the journal of the install in ${place}`, { cause });
  }
}

type Line = Readonly<Record<string, unknown>>;

function parse(
  place: string,
  { datadir, date }: NonNullable<ReturnType<typeof parsePlace>>,
  head: Line,
  lines: readonly Line[],
): InstallRecord {
  if (head['format'] !== FORMAT) throw new TwinDbError('it was written by another version');
  const text = (name: string) => (typeof head[name] === 'string' ? head[name] : undefined);
  const names = Array.isArray(head['names']) ? head['names'].map(String) : [];
  const runs: Run[] = [];
  for (const { way, actions, at, end } of lines) {
    const last = runs.at(-1);
    if ((way === 'install' || way === 'uninstall') && Array.isArray(actions))
      runs.push({ way, actions: actions.map(parseAction), at: -1, isComplete: false });
    else if (last !== undefined && typeof at === 'number') runs[runs.length - 1] = { ...last, at };
    else if (last !== undefined && end === true) runs[runs.length - 1] = { ...last, isComplete: true };
  }
  const install = runs.findLast((run) => run.way === 'install');
  if (install === undefined) throw new TwinDbError('it names no actions');
  const owner = lines.findLast((line) => typeof line['by'] === 'string')?.['by'];
  return {
    place,
    datadir,
    date,
    isInPlace: head['isInPlace'] === true,
    oldLogs: text('oldLogs'),
    savedConfig: text('savedConfig'),
    restored: parseRestored(head['restored'], text('dst') ?? '/', names),
    install,
    uninstall: runs.findLast((run) => run.way === 'uninstall'),
    isAtWork: typeof owner === 'string' && ownerState(owner) === 'alive' && owner !== self,
  };
}

/** The lines of a journal. One that was cut off, as the disk was full or the power failed, was not acted on. */
async function linesOf(place: string): Promise<Line[]> {
  const text = (await readOwnFile(join(place, JOURNAL))) ?? '';
  return text.split('\n').flatMap((line): Line[] => {
    try {
      const value: unknown = JSON.parse(line);
      return isRecord(value) ? [value] : [];
    } catch {
      return [];
    }
  });
}

let self: string | undefined;

/** The line that says that this process is at work. */
function by(): { readonly by: string } {
  self ??= newPartialName();
  return { by: self };
}

async function append(path: string, ...lines: readonly object[]): Promise<void> {
  const file = await open(path, 'a', 0o600);
  try {
    // In front of the first, as the last line of a killed run may be cut off.
    await file.appendFile(`\n${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}
