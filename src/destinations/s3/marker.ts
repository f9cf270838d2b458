import { createHash } from 'node:crypto';
import { PARTIAL_FOLDER } from '../check-key.ts';

/**
 * S3 has no partial files whose name could tell who writes: a multipart upload carries a key and nothing else. So
 * before an upload is created, an empty object `HOST/.partial/OWNER.SHA256-OF-KEY` says that OWNER is about to
 * write that key; it is deleted when the upload has ended.
 */
export interface Marker {
  /** As chosen by `newPartialName`. */
  readonly owner: string;
  /** SHA-256, in hex, of the key that is being written: a key may be too long to be part of another. */
  readonly keyHash: string;
}

/** The folder of the host's markers, with a slash at the end. */
export function markerFolder(host: string): string {
  return `${host}/${PARTIAL_FOLDER}/`;
}

/** The key of the marker for a write of `key` by `owner`; both are keys in the bucket, which begin with `[s3] prefix`. */
export function markerFor(key: string, owner: string, prefix = ''): string {
  return `${markerFolderOf(key, prefix)}${owner}.${hashKey(key)}`;
}

/** The folder of the markers of the host whose key this is. */
export function markerFolderOf(key: string, prefix = ''): string {
  return markerFolder(key.slice(0, key.indexOf('/', prefix.length)));
}

/** The marker with this key; undefined when it is none of ours. */
export function parseMarker(markerKey: string): Marker | undefined {
  const match = /\/([^/.]+)\.([0-9a-f]{64})$/.exec(markerKey);
  return match?.[1] && match[2] ? { owner: match[1], keyHash: match[2] } : undefined;
}

export function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
