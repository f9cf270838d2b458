import { isAbandoned } from '../../lock/owner.ts';
import { abortUpload } from './abort-upload.ts';
import type { S3Bucket } from './client.ts';
import { serverTime } from './clock.ts';
import { deleteObject } from './delete.ts';
import { lastWrite, listObjects, listUploads, type StartedUpload } from './list.ts';
import { hashKey, type Marker, markerFolder, parseMarker } from './marker.ts';

/** A marker that was found, and when it was put there. */
interface FoundMarker extends Marker {
  readonly key: string;
  readonly modified: Date;
}

/**
 * Aborts the multipart uploads of `host` that their owners have abandoned, and removes the markers of such owners. An upload
 * without a marker is a stranger's, such as another tool's. Throws the SDK's errors.
 */
export async function sweepUploads(bucket: S3Bucket, host: string): Promise<string[]> {
  const url = `s3://${bucket.config.bucket}`;
  let now: Promise<number> | undefined;
  const idleSince = async (written: Date | undefined): Promise<number> =>
    written === undefined ? 0 : (await (now ??= serverTime(bucket))) - written.getTime();
  // Uploads before markers: a live writer marks first, so whatever is listed here has its marker by then.
  const uploads: StartedUpload[] = [];
  for await (const upload of listUploads(bucket, `${host}/`)) uploads.push(upload);
  const markers = await findMarkers(bucket, host);
  const removed: string[] = [];
  const explained = new Set<string>();
  const kept = new Set<string>();
  for (const upload of uploads) {
    const keyHash = hashKey(upload.key);
    const owners = markers.filter((marker) => marker.keyHash === keyHash).map(({ owner }) => owner);
    const idle = async (): Promise<number> => await idleSince(await lastWrite(bucket, upload));
    if (!(await isAbandonedByAll(owners.length > 0 ? owners : [''], idle))) {
      kept.add(keyHash);
      continue;
    }
    await abortUpload(bucket, upload, AbortSignal.timeout(bucket.tuning.cleanUpMs));
    explained.add(keyHash);
    removed.push(
      `unfinished upload of ${url}/${upload.key}, begun ${upload.started?.toISOString() ?? 'once'}`,
    );
  }
  for (const { key, owner, keyHash, modified } of markers) {
    // An upload that grows for a week has a marker a week old.
    const idle = (): number | Promise<number> => (kept.has(keyHash) ? 0 : idleSince(modified));
    if (!(await isAbandoned(owner, idle))) continue;
    await deleteObject(bucket, key);
    if (!explained.has(keyHash)) removed.push(`marker of a dead run ${url}/${key}`);
  }
  return removed;
}

async function isAbandonedByAll(owners: readonly string[], idle: () => Promise<number>): Promise<boolean> {
  for (const owner of owners) if (!(await isAbandoned(owner, idle))) return false;
  return true;
}

async function findMarkers(bucket: S3Bucket, host: string): Promise<FoundMarker[]> {
  const found: FoundMarker[] = [];
  for await (const { key, modified } of listObjects(bucket, markerFolder(host))) {
    const marker = parseMarker(key);
    if (marker) found.push({ ...marker, key, modified });
  }
  return found;
}
