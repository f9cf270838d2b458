import { StorageError } from '../errors.ts';

/** Folder below a host's that holds what is being written (contract: where things lie); it never shows as an object. */
export const PARTIAL_FOLDER = '.partial';

/** Segments that would lead elsewhere, or to what is half-written. */
const FORBIDDEN_SEGMENTS: readonly string[] = ['', '.', '..', PARTIAL_FOLDER];

/** Why this can be no segment of a key, or undefined when it can. */
function faultOf(segment: string): string | undefined {
  if (FORBIDDEN_SEGMENTS.includes(segment)) return `a part of it is ${JSON.stringify(segment)}`;
  if (segment.includes('\0')) return 'it holds a NUL character';
  // Stored as UTF-8, half a surrogate pair would turn into another name.
  if (Buffer.from(segment).toString() !== segment) return 'it is not valid Unicode text';
  return undefined;
}

/**
 * Makes sure that a key stays inside its host's folder on any destination: `HOST/NAME` or deeper, relative, without
 * empty or dotted segments. Throws a StorageError otherwise.
 */
export function checkKey(key: string): void {
  const fault = keyFault(key);
  if (fault) throw new StorageError(`${JSON.stringify(key)} cannot be the key of an object: ${fault}`);
}

/** Why this can be no key, in words, or undefined when it can. */
function keyFault(key: string): string | undefined {
  const segments = key.split('/');
  return (
    segments.map(faultOf).find((reason) => reason !== undefined) ??
    (segments.length < 2 ? 'it does not begin with a host' : undefined)
  );
}

/** Whether this can be the key of an object: whether `checkKey` lets it pass. */
export function canBeKey(key: string): boolean {
  return keyFault(key) === undefined;
}

/** Whether a name that a server lists can be a segment of a key: not `..`, not one with a slash or a NUL character. */
export function isSegment(name: string): boolean {
  return !name.includes('/') && faultOf(name) === undefined;
}

/** The folder of `checkKey`ed keys that start with `prefix`, `''` for the top; undefined when no key can start so. */
export function folderOfPrefix(prefix: string): string | undefined {
  const folder = prefix.slice(0, Math.max(prefix.lastIndexOf('/'), 0));
  const rest = prefix.slice(prefix.lastIndexOf('/') + 1);
  if (rest.includes('\0') || prefix.startsWith('/')) return undefined;
  return folder === '' || folder.split('/').every((segment) => faultOf(segment) === undefined)
    ? folder
    : undefined;
}
