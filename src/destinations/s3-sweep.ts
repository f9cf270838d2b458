import { isOwnerAlive } from '../lock/owner.ts';
import type { S3Bucket } from './s3-client.ts';
import { listObjects, listUploads, type StartedUpload } from './s3-list.ts';
import { hashKey, type Marker, markerFolder, parseMarker } from './s3-marker.ts';
import { deleteObject } from './s3-requests.ts';
import { abortUpload } from './s3-upload.ts';

/**
 * Aborts the multipart uploads of `host` that no live process has marked as its own, and removes the markers of dead
 * ones. Throws the SDK's errors.
 */
export async function sweepUploads(bucket: S3Bucket, host: string): Promise<string[]> {
  const url = `s3://${bucket.config.bucket}`;
  // Uploads before markers: a live writer marks first, so whatever is listed here has its marker by then.
  const uploads: StartedUpload[] = [];
  for await (const upload of listUploads(bucket, `${host}/`)) uploads.push(upload);
  const markers = await findMarkers(bucket, host);
  const alive = new Set(markers.filter(({ owner }) => isOwnerAlive(owner)).map(({ keyHash }) => keyHash));
  const removed: string[] = [];
  const explained = new Set<string>();
  for (const upload of uploads) {
    const keyHash = hashKey(upload.key);
    if (alive.has(keyHash)) continue;
    await abortUpload(bucket, upload, AbortSignal.timeout(bucket.tuning.cleanUpMs));
    explained.add(keyHash);
    removed.push(
      `unfinished upload of ${url}/${upload.key}, begun ${upload.started?.toISOString() ?? 'once'}`,
    );
  }
  for (const { key, owner, keyHash } of markers) {
    if (isOwnerAlive(owner)) continue;
    await deleteObject(bucket, key);
    if (!explained.has(keyHash)) removed.push(`marker of a dead run ${url}/${key}`);
  }
  return removed;
}

async function findMarkers(bucket: S3Bucket, host: string): Promise<(Marker & { key: string })[]> {
  const found: (Marker & { key: string })[] = [];
  for await (const { key } of listObjects(bucket, markerFolder(host))) {
    const marker = parseMarker(key);
    if (marker) found.push({ ...marker, key });
  }
  return found;
}
