import { ConflictError, ObjectNotFoundError, StorageError } from '../../errors.ts';
import { FOLDER_REMEDY } from './files.ts';
import { NO_SUCH_FILE, PERMISSION_DENIED, statusOf } from './session.ts';

/** There is something of that name, which is not a file. */
export class NotAFileError extends Error {
  constructor(path: string) {
    super(`${path} is not a file`);
    this.name = 'NotAFileError';
  }
}

/** The StorageError for a failed `operation` (a verb) on `object`. */
export function storageError(cause: unknown, operation: string, object: string): StorageError {
  if (cause instanceof ConflictError) return cause;
  const remedy = statusOf(cause) === PERMISSION_DENIED ? { remedy: FOLDER_REMEDY } : {};
  return new StorageError(`Cannot ${operation} ${object}`, { cause, ...remedy });
}

/** The error of a read: ObjectNotFoundError when there is no such file. */
export function readError(cause: unknown, object: string): StorageError {
  if (statusOf(cause) === NO_SUCH_FILE || cause instanceof NotAFileError) {
    return new ObjectNotFoundError(`There is no ${object}`, { cause, isExplained: true });
  }
  return storageError(cause, 'read', object);
}
