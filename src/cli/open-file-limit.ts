import { hasCode } from '../errors.ts';

/** What the operator is told when the limit of open files keeps modules from being loaded. */
export const TOO_MANY_FILES = 'Cannot start: too many open files\nRaise the limit: ulimit -n 1024';

/** Whether the system itself says that this process has too many files open; what a job makes of it says more. */
export function saysTooManyFiles(error: unknown): boolean {
  return hasCode(error, 'EMFILE');
}
