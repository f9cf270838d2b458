import { parseKey } from '../copies/key.ts';
import { quoteLocation } from '../copies/quote-location.ts';
import type { RunType } from '../copies/run-type.ts';
import { describeError } from '../errors.ts';
import type { PlannedPart } from '../jobs/rehearse/planned-part.ts';
import { type Rehearsal, type RehearsedPart, rehearseBackup } from '../jobs/rehearse/rehearse-backup.ts';
import { withoutWriting } from '../jobs/without-writing.ts';
import { formatBytes } from '../units.ts';
import type { CommandContext } from './command.ts';
import { copyAsJson } from './copy-as-json.ts';
import { decisionAsJson, describeDecision } from './describe-decision.ts';

interface RehearsalOptions {
  readonly binlogsOnly: boolean;
  readonly json: boolean;
}

/** Prints what a run would do. Returns false when a part of it would fail. */
export async function printRehearsal(
  runType: RunType,
  { binlogsOnly, json }: RehearsalOptions,
  context: CommandContext,
): Promise<boolean> {
  for (const { state, message } of context.doubts) context.warnLasting(state, message);
  const rehearsal = await rehearseBackup(runType, { binlogsOnly }, withoutWriting(context));
  const success = rehearsal.parts.every((part) => 'plan' in part);
  if (json) context.print(JSON.stringify(toJson(rehearsal, runType, success), undefined, 2));
  else tell(rehearsal, runType, context);
  return success;
}

function tell(
  { isOff, parts, pending }: Rehearsal,
  runType: RunType,
  { print, log, config }: CommandContext,
): void {
  if (isOff) {
    print(`[intervals] run_${runType} is off: nothing to do`);
    return;
  }
  for (const location of pending) print(`${quoteLocation(location)}: delete (left by an interrupted run)`);
  const { before } = config.hooks;
  if (before.length > 0) print(`First it runs [hooks] before: ${quoteLocation(before.join(' '))}`);
  for (const each of parts) {
    if ('plan' in each) for (const line of describe(each.plan)) print(line);
    else log.error(`${describePart(each)} would fail: ${describeError(each.failure)}`);
  }
  log.info('Nothing was stored and nothing was deleted.');
}

function describe(plan: PlannedPart): string[] {
  const { copyType, expectedSize, sourceSize, reason, objects, decisions } = plan;
  const sizes = [
    ...(expectedSize === undefined ? [] : [`about ${formatBytes(expectedSize)} by the last copy`]),
    ...(!sourceSize ? [] : [`${formatBytes(sourceSize)} before compression`]),
  ];
  const stored = objects.filter(({ role }) => role === 'destination').length;
  const what = copyType === 'logs' ? (stored === 1 ? '1 log' : `${stored} logs`) : copyType;
  return [
    `${describePart({ part: plan })}: ${[what, ...sizes].join(', ')} (${quoteLocation(reason)})`,
    ...objects.map(({ location }) => `  to ${quoteLocation(location)}`),
    ...decisions
      .filter(({ verdict }) => verdict !== 'keep')
      .map((each) => `  then ${describeDecision(each)}`),
  ];
}

function describePart({ part: { media, source } }: Pick<RehearsedPart, 'part'>): string {
  if (media === 'files') return quoteLocation(source);
  return media === 'mysql' ? 'MySQL' : 'Binary logs';
}

/** The documented shape of `backup --dry-run --json`; see docs/usage.md. */
function toJson({ isOff, parts, pending }: Rehearsal, runType: RunType, success: boolean): object {
  return { success, dry_run: true, run_type: runType, off: isOff, pending, parts: parts.map(partToJson) };
}

function partToJson(each: RehearsedPart): object {
  const { media, source } = each.part;
  if (!('plan' in each)) return { type: media, source, error: describeError(each.failure) };
  const { copyType, reason, expectedSize, sourceSize, objects, decisions } = each.plan;
  return {
    type: media,
    source,
    copy_type: copyType,
    reason,
    expected_size: expectedSize ?? null,
    source_size: sourceSize ?? null,
    copies: objects.map(({ role, key, location }) => {
      const parsed = parseKey(key);
      return parsed === undefined ? { location, key } : copyAsJson({ place: role, location, key, parsed });
    }),
    retention: decisions.map(decisionAsJson),
  };
}
