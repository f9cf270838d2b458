import { RUN_TYPES } from '../../copies/run-type.ts';
import { formatAge } from '../../units.ts';
import { findOverdue, OVERDUE_MEDIA } from '../check/find-overdue.ts';
import type { DoctorContext, Report } from './finding.ts';

/** Whether each source has a copy that is as young as the most frequent run type makes one, with an interval to spare. */
export async function examineLastRuns(context: DoctorContext, report: Report): Promise<void> {
  const { config, destination } = context;
  const enabled = RUN_TYPES.filter((runType) => config.intervals[runType]);
  if (enabled.length === 0) {
    report.warn('All run types are off in [intervals], so no run does anything');
    return;
  }
  const { backupDirs, runTypes } = config.source;
  if (backupDirs.length > 0 && !enabled.some((runType) => runTypes.includes(runType))) {
    report.warn(
      'No run backs up the directories: all run types of [source] run_types are off in [intervals]',
    );
  }
  const stale = (await Promise.all(OVERDUE_MEDIA.map((media) => findOverdue(media, context)))).flat();
  for (const { source, runType, age, maxAge } of stale) {
    const copy = `${runType === undefined ? '' : `${runType} `}copy of ${source}`;
    if (age === undefined) report.note(`There is no ${copy} on ${destination.url} yet`);
    else {
      report.warn(
        `The newest ${copy} is ${formatAge(age)} old, and ${formatAge(maxAge)} would be usual\n` +
          'Read what the last backups said, and see whether cron or a timer starts them.',
      );
    }
  }
  if (stale.length === 0) report.ok('Every source has a recent copy');
}
