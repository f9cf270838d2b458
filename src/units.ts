const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** `1536` -> `1.5 KiB`. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
  const value = bytes / 1024 ** power;
  return `${power === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`;
}

/** `3725` seconds -> `1:02:05`. */
export function formatDuration(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (number: number) => String(number).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Seconds in each unit; a number alone is seconds. */
const TIME_UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86_400],
]);

/** `90m`, `26h`, `2d` or `3600` -> seconds; NaN for any other text. */
export function parseTime(text: string): number {
  const match = /^([0-9]+) ?([smhd]?)$/i.exec(text);
  return Number(match?.[1]) * (TIME_UNITS.get((match?.[2] ?? '').toLowerCase()) ?? Number.NaN);
}

/** `180720` seconds -> `2.1 days`, in the largest unit of which there are two. */
export function formatAge(seconds: number): string {
  const [size, unit] = (
    [
      [86_400, 'days'],
      [3600, 'hours'],
    ] as const
  ).find(([each]) => seconds >= 2 * each) ?? [60, 'minutes'];
  return `${Number((seconds / size).toFixed(1))} ${unit}`;
}

/** `180720` seconds -> `2d`, for columns: rounded down, in the largest unit of which there are two. */
export function formatShortAge(seconds: number): string {
  const [unit, size] = [...TIME_UNITS].toReversed().find(([, each]) => seconds >= 2 * each) ?? ['s', 1];
  return `${Math.floor(seconds / size)}${unit === '' ? 's' : unit}`;
}

/** Seconds since the epoch. */
export function toSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

/** Seconds since a moment of `performance.now()`, to the millisecond. */
export function secondsSince(start: number): number {
  return Math.round(performance.now() - start) / 1000;
}
