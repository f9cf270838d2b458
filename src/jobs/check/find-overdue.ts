import { RUN_TYPE_TABLE, RUN_TYPES } from '../../copies/run-type.ts';
import type { JobContext } from '../job-context.ts';
import { checkAges } from './check-ages.ts';
import type { StaleSource } from './stale-sources.ts';

/** The kinds of copies of which the age is looked at. */
export const OVERDUE_MEDIA = ['files', 'mysql'] as const;

/**
 * What this host backs up whose newest copy is older than [check] max_age allows, or without that, than two intervals of the most frequent run that
 * takes it: directories may have less frequent runs than the server ([source] run_types). Throws when a status cannot be read.
 */
export async function findOverdue(
  media: (typeof OVERDUE_MEDIA)[number],
  context: JobContext,
): Promise<StaleSource[]> {
  const { intervals, source, maxAges } = context.config;
  const mostFrequent = RUN_TYPES.find(
    (runType) => intervals[runType] && (media === 'mysql' || source.runTypes.includes(runType)),
  );
  if (mostFrequent === undefined) return [];
  const limits = maxAges ?? new Map([['any', 2 * RUN_TYPE_TABLE[mostFrequent].interval] as const]);
  return await checkAges(limits, { media, isAsked: false }, context);
}
