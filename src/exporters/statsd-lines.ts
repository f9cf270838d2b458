import type { Metric } from './metrics.ts';

/**
 * The lines of a StatsD datagram. Times are in seconds, as the Python tool sends them, also where StatsD calls the type
 * `ms`. Sources: the StatsD metric types, and for tags the DogStatsD datagram format.
 */
export function formatLines(
  metrics: readonly Metric[],
  { timeType, withTags }: { readonly timeType: 'ms' | 'g'; readonly withTags: boolean },
): string {
  return metrics
    .map(({ name, value, isTime, tags }) => {
      const suffix = withTags && tags.length > 0 ? `|#${tags.join(',')}` : '';
      return `${name}:${value}|${isTime ? timeType : 'g'}${suffix}`;
    })
    .join('\n');
}
