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

/** `2026-01-31 09:05:00` in local time, as the names of copies have it; of seconds since the epoch, for messages. */
export function formatTime(seconds: number): string {
  const [day = '', ...time] = formatTimestamp(new Date(seconds * 1000)).split('_');
  return `${day} ${time.join(':')}`;
}

/** What the name of a copy of a directory or of MySQL tells (contract: where things lie on a destination). */
export interface CopyName {
  /** The sanitized path of a directory, or `mysql`. */
  readonly base: string;
  /** By the clock of the host that took the copy, which is read as if it were this host's. */
  readonly started: Date;
  readonly format: 'tar' | 'xbstream';
}

const COPY_NAME = /^(.*)-(\d{4})-(\d\d)-(\d\d)_(\d\d)_(\d\d)_(\d\d)\.(tar|xbstream)(?:\.[a-z]+)*$/s;

/** The inverse of the names that copies get; undefined when nothing gives such a name. */
export function parseCopyName(name: string): CopyName | undefined {
  const [, base, ...rest] = COPY_NAME.exec(name) ?? [];
  if (base === undefined) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = rest.slice(0, 6).map(Number);
  const started = new Date(year, month - 1, day, hour, minute, second);
  // An hour that the change to summer time leaves out moves; a month 13 is none.
  const isDate = month >= 1 && month <= 12 && new Date(year, month - 1, day).getDate() === day;
  return isDate ? { base, started, format: rest[6] === 'tar' ? 'tar' : 'xbstream' } : undefined;
}
