import type { Media } from '../copies/key.ts';
import { quoteLocation } from '../copies/quote-location.ts';
import { describeError } from '../errors.ts';
import { checkAges } from '../jobs/check/check-ages.ts';
import { checkCopies } from '../jobs/check/check-copies.ts';
import type { CheckedCopy, CheckState } from '../jobs/check/checked-copy.ts';
import { lockRuns } from '../jobs/check/lock-runs.ts';
import type { Sample } from '../jobs/check/sample.ts';
import type { StaleSource } from '../jobs/check/stale-sources.ts';
import { showStep } from '../jobs/show-step.ts';
import { formatAge } from '../units.ts';
import { type Accepting, withAcceptance } from './accept-unauthenticated.ts';
import type { CommandContext } from './command.ts';
import { copyAsJson } from './copy-as-json.ts';

interface CheckCommandOptions extends Accepting {
  readonly type?: Media;
  readonly hostname?: string;
  readonly read?: boolean;
  readonly sample?: Sample;
  readonly adopt?: boolean;
  readonly json?: boolean;
  /** Seconds. */
  readonly maxAge?: number;
  readonly lockFile: string;
}

/** What the operator is told of a copy; null: nothing, as all is well. */
const SAYS: {
  readonly [S in CheckState]: { readonly level: 'result' | 'error'; readonly text: string } | null;
} = {
  listed: null,
  missing: { level: 'error', text: 'is in the status, and is gone' },
  orphaned: { level: 'error', text: 'cannot be restored' },
  unlisted: { level: 'result', text: 'not in the status, whole' },
  adopted: { level: 'result', text: 'entered in the status' },
  expired: { level: 'result', text: 'expired, the next backup removes it' },
  forged: { level: 'error', text: 'was changed' },
  unsigned: { level: 'error', text: "may be somebody else's" },
  unfit: { level: 'error', text: 'is whole, and cannot be entered in the status' },
  unreadable: { level: 'error', text: 'is damaged, or cannot be read here' },
};

/** Of an expired copy, where nothing is deleted. */
const KEPT = { level: 'result', text: 'expired, and kept: [retention] remote is off' } as const;

/**
 * Compares copies and statuses, and prints what differs. Returns false when a copy is missing, damaged, of no use or not fit for
 * the status, when the newest copies are older than they may be, or when something could not be looked at.
 */
export async function check(
  wanted: readonly string[],
  options: CheckCommandOptions,
  context: CommandContext,
): Promise<boolean> {
  const { type, read = false, sample, adopt = false, json = false, lockFile } = options;
  // The statuses of other hosts belong to their runs, which our lock does not stop.
  const host = options.hostname ?? (adopt ? context.host : undefined);
  const checked: CheckedCopy[] = [];
  let complete = await showStep(context, ['Checking the copies'], () =>
    checkCopies(
      { media: type, host, wanted },
      { read: sample ?? (read ? 'all' : 'none'), underLock: adopt ? lockRuns(lockFile, context) : undefined },
      (copy) => {
        checked.push(copy);
        if (!json) tell(copy, context);
      },
      withAcceptance(context, options),
    ),
  );
  let stale: readonly StaleSource[] = [];
  try {
    if (wanted.length === 0) stale = await findOld(options, context);
  } catch (error) {
    context.signal.throwIfAborted();
    context.log.error(describeError(error));
    complete = false;
  }
  for (const source of json ? [] : stale) context.log.error(describeStale(source, context));
  const success =
    complete && stale.length === 0 && checked.every(({ state }) => SAYS[state]?.level !== 'error');
  const document = {
    success,
    read: countRead(checked),
    copies: checked.map(toJson),
    stale: stale.map(staleToJson),
  };
  if (json) context.print(JSON.stringify(document, undefined, 2));
  else context.log.info(summarise(checked));
  return success;
}

/** The limits are for what this host backs up: copies of other hosts, or some copies, are looked at without them. */
async function findOld(
  { maxAge, type, hostname }: CheckCommandOptions,
  context: CommandContext,
): Promise<StaleSource[]> {
  const limits = maxAge === undefined ? context.config.maxAges : new Map([['any', maxAge] as const]);
  if (limits === undefined || (hostname ?? context.host) !== context.host) return [];
  return await checkAges(limits, { media: type, isAsked: maxAge !== undefined }, context);
}

function describeStale(
  { source, runType, age, maxAge }: StaleSource,
  { destination }: CommandContext,
): string {
  const copy = `${runType === undefined ? '' : `${runType} `}copy of ${source} on ${destination.url}`;
  const problem =
    age === undefined
      ? `There is no ${copy}`
      : `The newest ${copy} is ${formatAge(age)} old, and may be ${formatAge(maxAge)} old`;
  return `${problem}\nRead what the last backups said, and see whether cron or a timer starts them.`;
}

function staleToJson({ source, runType, age, maxAge }: StaleSource): object {
  return { source, run_type: runType ?? null, age: age ?? null, max_age: maxAge };
}

function tell(
  { state, location, problem, place }: CheckedCopy,
  { print, log, config }: CommandContext,
): void {
  const isKept = state === 'expired' && place === 'destination' && config.appendOnly;
  const says = isKept ? KEPT : SAYS[state];
  const copy = quoteLocation(location);
  const reason = problem === undefined ? '' : `: ${describeError(problem)}`;
  // A result is one line; what to do about it is in --help.
  if (says?.level === 'result') print(`${copy}: ${says.text}${reason.split('\n', 1)[0]}`);
  else if (says) log.error(`${copy} ${says.text}${reason}`);
}

/** The documented shape of `check --json`; see docs/usage.md. */
function toJson({ size, state, problem, wasRead, ...copy }: CheckedCopy): object {
  return {
    ...copyAsJson(copy),
    size: size ?? null,
    read: wasRead,
    state,
    reason: problem === undefined ? null : describeError(problem),
  };
}

/** How many of how many copies were read: of those that are there. */
function countRead(checked: readonly CheckedCopy[]): { readonly copies: number; readonly of: number } {
  return {
    copies: checked.filter(({ wasRead }) => wasRead).length,
    of: checked.filter(({ size }) => size !== undefined).length,
  };
}

function summarise(checked: readonly CheckedCopy[]): string {
  const count = (state: CheckState) => checked.filter((copy) => copy.state === state).length;
  const parts = (Object.keys(SAYS) as CheckState[])
    .filter((state) => count(state) > 0)
    .map((state) => `${count(state)} ${state}`);
  const copies = checked.length === 1 ? '1 copy' : `${checked.length} copies`;
  const hint = count('unlisted') > 0 ? '\ntwindb-backup check --adopt enters what is not in the status' : '';
  const read = countRead(checked);
  const reading = read.copies === 0 ? '' : `; ${read.copies} of ${read.of} read`;
  return `Checked ${copies}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}${reading}${hint}`;
}
