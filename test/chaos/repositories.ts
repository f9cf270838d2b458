import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { filesBelow } from '../e2e/half-written.ts';
import { labConfig, observe } from '../integration/s3-lab.ts';

/** What lies at a destination, seen and put there from outside. */
export interface Repository extends Disposable {
  /** Keeps what is there now, for `reset`. */
  save(): Promise<void>;
  /** Puts back what `save` has kept, and nothing else. */
  reset(): Promise<void>;
  /** Half-written objects and uploads. */
  leftovers(): Promise<string[]>;
}

/** Of the local driver, or of sshd on this machine. */
export function folderRepository(folder: string): Repository {
  const saved = `${folder}.saved`;
  const copy = (from: string, to: string): void => {
    rmSync(to, { recursive: true, force: true });
    if (existsSync(from)) cpSync(from, to, { recursive: true, preserveTimestamps: true });
  };
  return {
    save: async () => copy(folder, saved),
    reset: async () => copy(saved, folder),
    leftovers: async () => partialsIn(folder),
    [Symbol.dispose]: () => {
      for (const each of [folder, saved]) rmSync(each, { recursive: true, force: true });
    },
  };
}

/** Folders may stay for a moment when they are empty, files may not. */
export function partialsIn(folder: string): string[] {
  const found = filesBelow(folder).filter((path) => path.includes('.partial'));
  // A file beside the hosts is none of ours, whatever it is called.
  const stray = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('.')) : [];
  return [...found, ...stray].map((path) => join(folder, path));
}

/** A bucket of its own. */
export async function bucketRepository(bucket: string): Promise<Repository> {
  const config = labConfig({ bucket });
  const client = observe(config);
  const where = { Bucket: bucket };
  await client.send(new CreateBucketCommand(where));
  let saved = new Map<string, { readonly etag: string; readonly body: Uint8Array }>();
  const list = async (): Promise<Map<string, string>> => {
    const { Contents = [] } = await client.send(new ListObjectsV2Command(where));
    return new Map(Contents.map(({ Key = '', ETag = '' }) => [Key, ETag]));
  };
  const uploads = async () => (await client.send(new ListMultipartUploadsCommand(where))).Uploads ?? [];
  return {
    async save() {
      saved = new Map();
      for (const Key of (await list()).keys()) {
        const { Body, ETag = '' } = await client.send(new GetObjectCommand({ ...where, Key }));
        saved.set(Key, { etag: ETag, body: (await Body?.transformToByteArray()) ?? new Uint8Array() });
      }
    },
    async reset() {
      for (const { Key, UploadId } of await uploads())
        await client.send(new AbortMultipartUploadCommand({ ...where, Key, UploadId }));
      const there = await list();
      for (const Key of there.keys())
        if (!saved.has(Key)) await client.send(new DeleteObjectCommand({ ...where, Key }));
      for (const [Key, { etag, body }] of saved) {
        if (there.get(Key) === etag) continue;
        const { ETag = '' } = await client.send(new PutObjectCommand({ ...where, Key, Body: body }));
        // An upload of parts has another ETag than the same bytes in one.
        saved.set(Key, { etag: ETag, body });
      }
    },
    async leftovers() {
      const markers = [...(await list()).keys()].filter((key) => key.includes('/.partial/'));
      return [...markers, ...(await uploads()).map(({ Key }) => `upload of ${Key}`)];
    },
    [Symbol.dispose]: () => client.destroy(),
  };
}
