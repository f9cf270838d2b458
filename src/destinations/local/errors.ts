import { codeOf, hasCode, ObjectNotFoundError, StorageError } from '../../errors.ts';

/** Whether the error says that there is nothing at the path: it is absent, or lies below what is no folder. */
export function saysAbsent(error: unknown): boolean {
  return hasCode(error, 'ENOENT', 'ENOTDIR');
}

/** Whether the error says that this account may not go there. */
export function saysClosed(error: unknown): boolean {
  return hasCode(error, 'EACCES', 'EPERM');
}

/** Reason and remedy for the system errors an operator can do something about. */
function explain(code: string, root: string): { reason: string; remedy: string } | undefined {
  const writable = `Let uid ${process.geteuid?.() ?? 'of this process'} read and write ${root}, or configure another folder.`;
  switch (code) {
    case 'ENOSPC':
      return { reason: `no space left on ${root}`, remedy: 'Free space there, or keep fewer copies.' };
    case 'EFBIG':
      return {
        reason: `the file would be larger than the limit of file size or ${root} allows`,
        remedy:
          'Raise the limit (ulimit -f, LimitFSIZE= of a systemd unit), or use a file system that takes larger files.',
      };
    case 'EMFILE':
      return { reason: 'too many open files', remedy: 'Raise the limit: ulimit -n 1024.' };
    case 'EDQUOT':
      return {
        reason: `the disk quota on ${root} is used up`,
        remedy: 'Raise the quota, or keep fewer copies.',
      };
    case 'EACCES':
    case 'EPERM':
      return { reason: `no permission on ${root}`, remedy: writable };
    case 'EROFS':
      return { reason: `${root} is read-only`, remedy: 'Mount it writable, or configure another folder.' };
    case 'ENOTDIR':
    case 'EEXIST':
      return {
        reason: 'a part of this path is not a folder',
        remedy: 'Move it away, or configure another folder.',
      };
    default:
      return undefined;
  }
}

/** The StorageError for a failed `operation` (a verb) on `path` below the backup folder `root`. */
export function localError(operation: string, path: string, root: string, cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause;
  const explained = explain(codeOf(cause) ?? '', root);
  const message = `Cannot ${operation} ${path}`;
  if (!explained) return new StorageError(message, { cause });
  return new StorageError(`${message}: ${explained.reason}`, {
    cause,
    isExplained: true,
    remedy: explained.remedy,
  });
}

/** The error for a key that nothing is stored under. */
export function absentError(path: string, cause?: unknown): ObjectNotFoundError {
  return new ObjectNotFoundError(`There is no ${path}`, { cause, isExplained: true });
}
