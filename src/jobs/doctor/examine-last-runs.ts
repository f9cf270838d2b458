import { RUN_TYPE_TABLE, RUN_TYPES } from '../../copies/run-type.ts';
import { formatAge } from '../../units.ts';
import { checkAges } from '../check/check-ages.ts';
import type { StaleSource } from '../check/stale-sources.ts';
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
  const stale = (
    await Promise.all((['files', 'mysql'] as const).map((media) => findOld(media, context)))
  ).flat();
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

/** Directories may have less frequent runs than the server ([source] run_types). */
async function findOld(media: 'files' | 'mysql', context: DoctorContext): Promise<StaleSource[]> {
  const { intervals, source, maxAges } = context.config;
  const mostFrequent = RUN_TYPES.find(
    (runType) => intervals[runType] && (media === 'mysql' || source.runTypes.includes(runType)),
  );
  if (mostFrequent === undefined) return [];
  const limits = maxAges ?? new Map([['any', 2 * RUN_TYPE_TABLE[mostFrequent].interval] as const]);
  return await checkAges(limits, { media, isAsked: false }, context);
}
