import { Option } from 'commander';
import { unquoteLocation } from '../copies/quote-location.ts';
import { parseMoment } from './parse-moment.ts';

/** What several commands have: the texts of their help, and how their arguments are read. */
export const LOCK_FILE = '/var/run/twindb-backup.lock';

export const LATEST_HELP =
  'what ls prints, a key, a name that only one copy has, or "latest"; without it the copies are listed';

/** An option of every command that reads copies: its flags and its help. */
export const ACCEPT = [
  '--accept-unauthenticated',
  'also copies that no key of this machine has signed, although one should have',
] as const;

/** Reads one more of several copies, as `ls` prints them. */
export function collectCopies(copy: string, before: readonly string[] = []): string[] {
  return [...before, unquoteLocation(copy)];
}

export function beforeOption(): Option {
  return new Option(
    '--before <time>',
    'with latest: a copy that was finished by then, as 2026-01-31, "2026-01-31 14:30" or 2026-01-31T14:30Z',
  ).argParser(parseMoment);
}

/** A directory as the status has it. */
export function trimSlashes(directory: string): string {
  return directory.replace(/\/+/g, '/').replace(/(?<=.)\/$/, '');
}
