import type { Media } from '../copies/key.ts';
import { quoteLocation } from '../copies/quote-location.ts';
import { describeError } from '../errors.ts';
import { checkCopies } from '../jobs/check/check-copies.ts';
import type { CheckedCopy, CheckState } from '../jobs/check/checked-copy.ts';
import { lockRuns } from '../jobs/check/lock-runs.ts';
import { type Accepting, withAcceptance } from './accept-unauthenticated.ts';
import type { CommandContext } from './command.ts';

interface CheckCommandOptions extends Accepting {
  readonly type?: Media;
  readonly hostname?: string;
  readonly read?: boolean;
  readonly adopt?: boolean;
  readonly json?: boolean;
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

/**
 * Compares copies and statuses, and prints what differs. Returns false when a copy is missing, damaged, of no use or not fit for
 * the status, or when something could not be looked at.
 */
export async function check(
  wanted: readonly string[],
  options: CheckCommandOptions,
  context: CommandContext,
): Promise<boolean> {
  const { type, read = false, adopt = false, json = false, lockFile } = options;
  // The statuses of other hosts belong to their runs, which our lock does not stop.
  const host = options.hostname ?? (adopt ? context.host : undefined);
  const checked: CheckedCopy[] = [];
  const complete = await checkCopies(
    { media: type, host, wanted },
    { read, underLock: adopt ? lockRuns(lockFile, context) : undefined },
    (copy) => {
      checked.push(copy);
      if (!json) tell(copy, context);
    },
    withAcceptance(context, options),
  );
  const success = complete && checked.every(({ state }) => SAYS[state]?.level !== 'error');
  if (json) context.print(JSON.stringify({ success, copies: checked.map(toJson) }, undefined, 2));
  else context.log.info(summarise(checked));
  return success;
}

function tell({ state, location, problem }: CheckedCopy, { print, log }: CommandContext): void {
  const says = SAYS[state];
  const copy = quoteLocation(location);
  const reason = problem === undefined ? '' : `: ${describeError(problem)}`;
  if (says?.level === 'result') print(`${copy}: ${says.text}${reason}`);
  else if (says) log.error(`${copy} ${says.text}${reason}`);
}

/** The documented shape of `check --json`; see docs/usage.md. */
function toJson({ place, location, key, parsed, size, state, problem }: CheckedCopy): object {
  return {
    place,
    location,
    key,
    host: parsed.host,
    type: parsed.media,
    run_type: parsed.runType ?? null,
    name: parsed.name,
    size: size ?? null,
    state,
    reason: problem === undefined ? null : describeError(problem),
  };
}

function summarise(checked: readonly CheckedCopy[]): string {
  const count = (state: CheckState) => checked.filter((copy) => copy.state === state).length;
  const parts = (Object.keys(SAYS) as CheckState[])
    .filter((state) => count(state) > 0)
    .map((state) => `${count(state)} ${state}`);
  const copies = checked.length === 1 ? '1 copy' : `${checked.length} copies`;
  const hint = count('unlisted') > 0 ? '\ntwindb-backup check --adopt enters what is not in the status' : '';
  return `Checked ${copies}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}${hint}`;
}
