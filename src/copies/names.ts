/** `/etc/ssl/` -> `_etc_ssl`, `/` -> `` (contract: where things lie on a destination). */
export function sanitizePath(path: string): string {
  return path.replace(/\/+$/, '').replaceAll('/', '_');
}

/** `2026-01-31_09_05_00` in local time, as it stands in the names of copies. */
export function formatTimestamp(date: Date): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return [day, two(date.getHours()), two(date.getMinutes()), two(date.getSeconds())].join('_');
}
