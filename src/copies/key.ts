import { formatTimestamp, sanitizePath } from './names.ts';
import { isRunType, type RunType } from './run-type.ts';

/** What a backup copy is of, in the order in which `ls` prints them. */
export const MEDIA = ['files', 'mysql', 'binlog'] as const;

export type Media = (typeof MEDIA)[number];

/** What the key of a backup copy tells. */
export type ParsedKey =
  | {
      readonly media: 'files' | 'mysql';
      readonly host: string;
      readonly runType: RunType;
      readonly name: string;
    }
  | { readonly media: 'binlog'; readonly host: string; readonly runType: undefined; readonly name: string };

/** Takes a key apart (contract: where things lie on a destination); undefined when it is not the key of a copy. */
export function parseKey(key: string): ParsedKey | undefined {
  const [host, second, third, fourth, ...rest] = key.split('/');
  if (!host || rest.length > 0) return undefined;
  if (second === 'binlog' && third && fourth === undefined) {
    return { media: 'binlog', host, runType: undefined, name: third };
  }
  if (second === undefined || !isRunType(second) || !fourth) return undefined;
  if (third !== 'files' && third !== 'mysql') return undefined;
  return { media: third, host, runType: second, name: fourth };
}

/** The last part of a key: the name of the copy. */
export function nameOfKey(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

/** The key of a copy of a directory, started at `date`, before the suffixes of its modifiers. */
export function fileCopyKey(host: string, runType: RunType, sourcePath: string, date: Date): string {
  return `${host}/${runType}/files/${sanitizePath(sourcePath)}-${formatTimestamp(date)}.tar`;
}

/** The key of a copy of the MySQL server, started at `date`, before the suffixes of its modifiers. */
export function mysqlCopyKey(host: string, runType: RunType, date: Date): string {
  return `${host}/${runType}/mysql/mysql-${formatTimestamp(date)}.xbstream`;
}
