import { untilAborted } from '../../destinations/until-aborted.ts';
import { describeError, TwinDbError } from '../../errors.ts';
import { examineChain } from './examine-chain.ts';
import { examineConfiguration } from './examine-configuration.ts';
import { examineDirectories } from './examine-directories.ts';
import { examineKey } from './examine-key.ts';
import { examineLastRuns } from './examine-last-runs.ts';
import { examineLock } from './examine-lock.ts';
import { examineDestination, examineLocal } from './examine-places.ts';
import { examineSchedule } from './examine-schedule.ts';
import { examineServer } from './examine-server.ts';
import type { DoctorContext, Examination, Finding, Report } from './finding.ts';

/** Everything that is examined, one row each, in the order of the report. */
const EXAMINATIONS: readonly Examination[] = [
  { part: 'configuration', examine: examineConfiguration },
  { part: 'lock', examine: examineLock },
  { part: 'directories', examine: examineDirectories },
  { part: 'compression and encryption', examine: examineChain },
  { part: 'destination', examine: examineDestination },
  { part: 'keep_local_path', examine: examineLocal },
  { part: 'server', examine: examineServer },
  { part: 'signing key', examine: examineKey },
  { part: 'last copies', examine: examineLastRuns },
  { part: 'schedule', examine: examineSchedule },
];

/** How long one examination may take, in milliseconds: destinations wait half a minute for a server that is away. */
const LIMIT_MS = 60_000;

/** How long an examination that was ended may take to remove what it has made, in milliseconds. */
const CLEAN_UP_MS = 5000;

/** Examines everything; `tell` gets each finding as it comes. Never throws but for the signal of the context. */
export async function examineAll(
  context: DoctorContext,
  tell: (finding: Finding) => void,
  limitMs = LIMIT_MS,
): Promise<void> {
  for (const { part, examine } of EXAMINATIONS) {
    context.signal.throwIfAborted();
    const add = (severity: Finding['severity']) => (message: string) => tell({ part, severity, message });
    const report: Report = {
      ok: add('ok'),
      note: add('note'),
      warn: add('warning'),
      fail: (error) => add('failure')(describeError(error)),
    };
    await examineInTime(examine, context, report, limitMs);
  }
}

async function examineInTime(
  examine: Examination['examine'],
  context: DoctorContext,
  report: Report,
  limitMs: number,
): Promise<void> {
  const late = new TwinDbError(`no end after ${limitMs / 1000} seconds`, {
    remedy: 'Look whether what it waits for hangs: a mount, a server, the network.',
  });
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(late), limitMs);
  const signal = AbortSignal.any([context.signal, limit.signal]);
  try {
    await Promise.race([examine(within(context, signal, report), report), whenOver(signal)]);
  } catch (error) {
    context.signal.throwIfAborted();
    report.fail(limit.signal.aborted ? late : error);
  } finally {
    clearTimeout(timer);
  }
}

/** Rejects with the reason of the signal some time after that has aborted. */
function whenOver(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const giveUp = () => setTimeout(() => reject(signal.reason as Error), CLEAN_UP_MS);
    signal.addEventListener('abort', giveUp, { once: true });
  });
}

/** The same context for one examination: ended by the signal, and what is warned of is found. */
function within(context: DoctorContext, signal: AbortSignal, report: Report): DoctorContext {
  return {
    ...context,
    signal,
    destination: untilAborted(context.destination, signal),
    local: context.local && untilAborted(context.local, signal),
    warnLasting: (_state, message) => report.warn(message),
    log: {
      ...context.log,
      info: (...said) => context.log.debug(...said),
      warn: (message) => report.warn(message),
    },
  };
}
