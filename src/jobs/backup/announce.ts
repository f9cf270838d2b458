import type { RunType } from '../../copies/run-type.ts';
import type { BackupOutcome } from '../../exporters/report.ts';
import type { Event } from '../../notify/styles.ts';
import { formatBytes, formatDuration } from '../../units.ts';
import type { JobContext } from '../job-context.ts';

const TITLES = { start: 'started', success: 'succeeded', failure: 'failed' } as const;

/** What there is to tell of a run at some moment of it. */
interface Announcement {
  readonly moment: Event['moment'];
  readonly runType: RunType;
  /** What came of the parts of the run. */
  readonly outcomes: readonly BackupOutcome[];
  /** What failed, in words; empty: nothing has. */
  readonly failures: string;
}

/** Tells whoever section [notify] names. Never throws. */
export async function announce(
  { moment, runType, outcomes, failures }: Announcement,
  { config, host, log, signal }: JobContext,
): Promise<void> {
  if (config.notify === undefined) return;
  const { notify } = await import('../../notify/notify.ts');
  const title = `${runType} backup of ${host} ${TITLES[moment]}`;
  const details = { start: '', success: summarize(outcomes), failure: failures }[moment];
  const message = details === '' ? title : `${title}\n${details}`;
  await notify(config.notify, { moment, title, message }, { host, runType }, log, signal);
}

/** What was backed up, one line each. */
function summarize(outcomes: readonly BackupOutcome[]): string {
  return outcomes
    .map(({ source, size, duration }) => `${source}: ${formatBytes(size)} in ${formatDuration(duration)}`)
    .join('\n');
}
