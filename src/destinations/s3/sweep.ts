import { quote } from 'shlex';
import { isAbandoned } from '../../lock/owner.ts';
import type { Leftover } from '../destination.ts';
import { abortUpload } from './abort-upload.ts';
import type { S3Bucket } from './client.ts';
import { serverTime } from './clock.ts';
import { deleteObject } from './delete.ts';
import { isRefused } from './errors.ts';
import { lastWrite, listObjects, listUploads, type StartedUpload } from './list.ts';
import { hashKey, type Marker, markerFolder, parseMarker } from './marker.ts';

/** A marker that was found, and when it was put there. */
interface FoundMarker extends Marker {
  readonly key: string;
  readonly modified: Date;
}

/** What a run that has ended left in the bucket: an upload, or the key of a marker. */
type Abandoned = { readonly upload: StartedUpload } | { readonly marker: string };

/**
 * The multipart uploads below `host`, a folder of the bucket, that their owners have abandoned, and the markers of such owners. An upload without a marker is a
 * stranger's, such as another tool's. Throws the SDK's errors.
 */
async function* findAbandoned(bucket: S3Bucket, host: string): AsyncGenerator<Abandoned> {
  let now: Promise<number> | undefined;
  const idleSince = async (written: Date | undefined): Promise<number> =>
    written === undefined ? 0 : (await (now ??= serverTime(bucket))) - written.getTime();
  // Uploads before markers: a live writer marks first, so whatever is listed here has its marker by then.
  const uploads: StartedUpload[] = [];
  for await (const upload of listUploads(bucket, `${host}/`)) uploads.push(upload);
  const markers = await findMarkers(bucket, host);
  const kept = new Set<string>();
  for (const upload of uploads) {
    const keyHash = hashKey(upload.key);
    const owners = markers.filter((marker) => marker.keyHash === keyHash).map(({ owner }) => owner);
    const idle = async (): Promise<number> => await idleSince(await lastWrite(bucket, upload));
    if (await isAbandonedByAll(owners.length > 0 ? owners : [''], idle)) yield { upload };
    else kept.add(keyHash);
  }
  for (const { key, owner, keyHash, modified } of markers) {
    // An upload that grows for a week has a marker a week old.
    const idle = (): number | Promise<number> => (kept.has(keyHash) ? 0 : idleSince(modified));
    if (await isAbandoned(owner, idle)) yield { marker: key };
  }
}

/** Aborts these uploads and removes these markers; a line for each. Throws the SDK's errors. */
export async function sweepUploads(bucket: S3Bucket, host: string): Promise<string[]> {
  const url = `s3://${bucket.config.bucket}`;
  const removed: string[] = [];
  const explained = new Set<string>();
  for await (const left of findAbandoned(bucket, host)) {
    if ('upload' in left) {
      const { key, started } = left.upload;
      await abortUpload(bucket, left.upload, AbortSignal.timeout(bucket.tuning.cleanUpMs));
      explained.add(hashKey(key));
      removed.push(`unfinished upload of ${url}/${key}, begun ${started?.toISOString() ?? 'once'}`);
    } else {
      try {
        await deleteObject(bucket, left.marker);
      } catch (error) {
        // Each upload in parts leaves one where nothing may be deleted; they are empty.
        if (bucket.appendOnly && isRefused(error)) return removed;
        throw error;
      }
      const { keyHash = '' } = parseMarker(left.marker) ?? {};
      if (!explained.has(keyHash)) removed.push(`marker of a dead run ${url}/${left.marker}`);
    }
  }
  return removed;
}

/**
 * What `sweepUploads` would remove, with the command that does it by hand; no markers where nothing may be deleted: each upload in parts leaves one
 * there. Throws the SDK's errors.
 */
export async function listLeftovers(bucket: S3Bucket, host: string): Promise<Leftover[]> {
  const { bucket: name, endpointUrl } = bucket.config;
  const aws = `aws ${endpointUrl === undefined ? '' : `--endpoint-url ${quote(endpointUrl)} `}s3api`;
  const found: Leftover[] = [];
  for await (const left of findAbandoned(bucket, host)) {
    if (bucket.appendOnly && 'marker' in left) continue;
    const key = 'upload' in left ? left.upload.key : left.marker;
    const where = `--bucket ${quote(name)} --key ${quote(key)}`;
    found.push(
      'upload' in left
        ? {
            what: `the upload of s3://${name}/${key}`,
            command: `${aws} abort-multipart-upload ${where} --upload-id ${quote(left.upload.id)}`,
          }
        : { what: `the marker s3://${name}/${key}`, command: `${aws} delete-object ${where}` },
    );
  }
  return found;
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
