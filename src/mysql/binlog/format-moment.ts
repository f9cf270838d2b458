/** A moment in microseconds since the epoch, as `--to-time` takes it back: `2026-01-31T14:30:05Z`, with a fraction where it has one. */
export function formatMoment(microseconds: number): string {
  const seconds = new Date(Math.floor(microseconds / 1_000_000) * 1000);
  if (Number.isNaN(seconds.getTime())) return 'an unknown time';
  const fraction = String(microseconds % 1_000_000)
    .padStart(6, '0')
    .replace(/0+$/, '');
  return seconds.toISOString().replace(/\.000Z$/, fraction === '' ? 'Z' : `.${fraction}Z`);
}

/** The same of seconds since the epoch. */
export function formatSecond(seconds: number): string {
  return formatMoment(Math.floor(seconds) * 1_000_000);
}
