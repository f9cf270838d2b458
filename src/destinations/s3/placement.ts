import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandOutput,
  PutObjectCommand,
  type PutObjectCommandOutput,
} from '@aws-sdk/client-s3';
import { describeError } from '../../errors.ts';
import { newPartialName } from '../../lock/owner.ts';
import { conflictError, takeFreeKey } from '../claim-key.ts';
import type { WriteOptions } from '../destination.ts';
import { encryption, type S3Bucket } from './client.ts';
import { deleteObject } from './delete.ts';
import { isRefused, saysConflict, saysUnknownCondition } from './errors.ts';
import { type Joined, joinParts } from './join-parts.ts';
import { listObjects } from './list.ts';
import { hashKey, markerFolderOf, markerFor, parseMarker } from './marker.ts';
import { bareEtag, findObject, putObject, type S3Head, WRITER } from './requests.ts';

/** How an object gets its key: with the marker that says who is writing, and without replacing what it must not. */
export interface Placement {
  /** The key that the object has, or will have as things stand. */
  key(): string;
  /** What is stored with the object, and tells it from that of another run. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Before a multipart upload is begun, which has one key to its end: puts the marker, which claims the key where that is wanted. */
  mark(): Promise<void>;
  /** Stores the object in one request. */
  put(command: PutObjectCommand): Promise<PutObjectCommandOutput>;
  /** Makes the object of its parts. */
  join(
    command: CompleteMultipartUploadCommand,
    joined: Joined,
  ): Promise<CompleteMultipartUploadCommandOutput>;
  /** Once the object is there: a failure must not cost the copy, so it is only a warning. */
  removeMarker(limit: AbortSignal): Promise<void>;
  /** Removes the object where that is new, and the marker. */
  undo(limit: AbortSignal): Promise<void>;
}

interface PlacementOptions extends Pick<WriteOptions, 'claim' | 'replaces'> {
  readonly key: string;
  /** Ends the looking. */
  readonly signal: AbortSignal;
  /** For requests whose outcome must be known: they get some time even when the write is given up. */
  readonly patience: AbortSignal;
}

/** How often a key is tried that only the marker of another run holds: both may have seen the other's and given way. */
const MARK_TRIES = 3;

/** Milliseconds by which two such runs get out of each other's way, at random, longer with each try. */
const STEP_ASIDE_MS = 200;

/**
 * A multipart upload has one key from its beginning to its end, hours later, and old servers ignore conditions when it ends. So its key is claimed
 * at the beginning: by the marker, which each writer puts before it looks for those of others. Whoever sees another one gives way;
 * of two at once at least one does. An object of one request is put on the condition that nothing is there, and gives way to a marker too.
 */
export function createPlacement(bucket: S3Bucket, options: PlacementOptions): Placement {
  const { config, log } = bucket;
  const { key, claim, replaces, signal, patience } = options;
  const owner = newPartialName();
  const locate = (each: string): string => `s3://${config.bucket}/${each}`;
  const condition: { readonly IfNoneMatch?: string; readonly IfMatch?: string } = claim
    ? { IfNoneMatch: '*' }
    : replaces
      ? { IfMatch: replaces }
      : {};
  const isConditional = Object.keys(condition).length > 0;
  let current = key;
  let marker: string | undefined;
  /** Set when the request that makes the object visible is sent. */
  let commitment: { readonly isNew: boolean; etag?: string | undefined } | undefined;

  const markerOf = (each: string): string => markerFor(each, owner, config.prefix);
  const putMarker = async (each: string): Promise<void> => {
    signal.throwIfAborted();
    marker = markerOf(each);
    await putObject(bucket, marker, Buffer.alloc(0), encryption(config), patience);
    signal.throwIfAborted();
  };
  const isMarkedByOther = async (each: string): Promise<boolean> => {
    const keyHash = hashKey(each);
    for await (const found of listObjects(bucket, markerFolderOf(each, config.prefix), signal)) {
      const other = parseMarker(found.key);
      if (other?.keyHash === keyHash && other.owner !== owner) return true;
    }
    return false;
  };
  /** Deletes what has to give way; false where the credentials may only add. */
  const takeBack = async (each: string): Promise<boolean> => {
    try {
      await deleteObject(bucket, each, patience);
      return true;
    } catch (error) {
      if (bucket.appendOnly && isRefused(error)) return false;
      throw error;
    }
  };
  const markFree = async (free: string): Promise<boolean> => {
    for (let tries = 1; ; tries++) {
      await putMarker(free);
      const [object, isMarked] = await Promise.all([findObject(bucket, free, signal), isMarkedByOther(free)]);
      if (object === undefined && !isMarked) return true;
      await takeBack(markerOf(free));
      marker = undefined;
      if (object !== undefined || tries === MARK_TRIES) return false;
      await sleep(Math.random() * STEP_ASIDE_MS * tries, undefined, { signal });
    }
  };
  const putFree = async (command: PutObjectCommand, free: string) => {
    if ((await findObject(bucket, free, signal)) !== undefined) return undefined;
    signal.throwIfAborted();
    current = free;
    commitment = { isNew: true };
    const answer = await putIf(command);
    if (answer && !(await isMarkedByOther(free))) return answer;
    // An upload of another run has begun, and cannot change its key any more. Where ours cannot go either, that one fails when it ends.
    if (answer && !(await takeBack(free))) return answer;
    commitment = undefined;
    return undefined;
  };
  /** Undefined when the condition does not hold. */
  const putIf = async (command: PutObjectCommand): Promise<PutObjectCommandOutput | undefined> => {
    const send = (how: typeof condition) =>
      bucket.client.send(new PutObjectCommand({ ...command.input, Key: current, ...how }), {
        abortSignal: patience,
      });
    try {
      return await send(condition);
    } catch (error) {
      if (!isConditional || !(saysConflict(error) || saysUnknownCondition(error))) throw error;
      const head = await findObject(bucket, current, patience);
      // "No" may be due to our own object: the answer to an earlier try was lost.
      if (head?.writer === owner) return { ETag: head.etag, $metadata: {} };
      return saysUnknownCondition(error) && mayReplace(head) ? await send({}) : undefined;
    }
  };
  const mayReplace = (head: S3Head | undefined): boolean =>
    claim === undefined ? replaces === undefined || bareEtag(head) === replaces : head === undefined;
  /** Looks what is there; throws a ConflictError when it is not what may be replaced. */
  const beginCommitment = async (): Promise<void> => {
    const before = await findObject(bucket, current, signal);
    if (!mayReplace(before)) throw conflictError(locate(current));
    signal.throwIfAborted();
    commitment = { isNew: before === undefined };
  };

  return {
    key: () => current,
    metadata: { [WRITER]: owner },
    async mark() {
      if (claim === undefined) await putMarker(key);
      else current = await takeFreeKey(key, claim, markFree, locate);
    },
    async put(command) {
      let answer: PutObjectCommandOutput | undefined;
      if (claim) {
        const take = async (free: string) => (answer = await putFree(command, free)) !== undefined;
        await takeFreeKey(key, claim, take, locate);
      } else {
        // Where it replaces what was read, the server looks.
        if (isConditional) commitment = { isNew: false };
        else await beginCommitment();
        answer = await putIf(command);
      }
      if (answer === undefined) throw conflictError(locate(current));
      if (commitment) commitment.etag = answer.ETag;
      return answer;
    },
    async join(command, joined) {
      await beginCommitment();
      const answer = await joinParts(bucket, command, { ...joined, condition }, patience);
      if (answer !== undefined) return answer;
      // What is there is of another writer, though nothing may tell: nothing of it may be undone.
      commitment = undefined;
      throw conflictError(locate(current));
    },
    async removeMarker(limit) {
      if (marker === undefined) return;
      try {
        await deleteObject(bucket, marker, limit);
      } catch (error) {
        log[bucket.appendOnly ? 'debug' : 'warn'](
          `The copy is safe, but its marker ${locate(marker)} is left: ${describeError(error)}`,
        );
      }
    },
    async undo(limit) {
      // Where another object was replaced, the new one stays: it is whole, and the old one is gone.
      if (commitment?.isNew) {
        const head = await findObject(bucket, current, limit);
        if (head && isOurs(head, commitment.etag)) await deleteObject(bucket, current, limit);
      }
      if (marker !== undefined) await deleteObject(bucket, marker, limit);
    },
  };

  /** There are servers that keep no metadata. */
  function isOurs(head: S3Head, etag: string | undefined): boolean {
    if (head.writer !== undefined) return head.writer === owner;
    return etag === undefined || etag === head.etag;
  }
}
