import { RUN_TYPE_TABLE, RUN_TYPES } from '../../copies/run-type.ts';
import { formatAge } from '../../units.ts';
import { checkAges } from '../check/check-ages.ts';
import type { DoctorContext, Report } from './finding.ts';

/** Whether each source has a copy that is as young as the most frequent run type makes one, with an interval to spare. */
export async function examineLastRuns(context: DoctorContext, report: Report): Promise<void> {
  const { config, destination } = context;
  const mostFrequent = RUN_TYPES.find((runType) => config.intervals[runType]);
  if (mostFrequent === undefined) {
    report.warn('All run types are off in [intervals], so no run does anything');
    return;
  }
  const limits = config.maxAges ?? new Map([['any', 2 * RUN_TYPE_TABLE[mostFrequent].interval] as const]);
  const stale = await checkAges(limits, { media: undefined, isAsked: false }, context);
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
