import type { Writable } from 'node:stream';
import { IntegrityError, OutgrownError } from '../../errors.ts';
import { formatBytes } from '../../units.ts';
import type { WriteOptions } from '../destination.ts';
import { createTwoPhaseWriter, type TwoPhaseWrite } from '../two-phase-writer.ts';
import { type S3Bucket, storage } from './client.ts';
import { deleteObject } from './delete.ts';
import { s3Error } from './errors.ts';
import { memoryOf, type PartPlan, planParts } from './part-plan.ts';
import { createParts, type Parts } from './parts.ts';
import { findObject } from './requests.ts';
import { startUpload, type TrackedUpload } from './upload.ts';

/** Bytes that may come while others are being written. */
const BUFFER_SIZE = 256 * 1024;

/** Above this the process may need more than the 550 MB promised for copies of 512 GiB. */
const NOTABLE_MEMORY = 512 * 1024 ** 2;

/** A stream into an object, which appears complete or not at all; see `createTwoPhaseWriter`. Errors with a StorageError. */
export function createObjectWriter(bucket: S3Bucket, key: string, options: WriteOptions): Writable {
  const { config, log } = bucket;
  const place = `s3://${config.bucket}/${key}`;
  return createTwoPhaseWriter((signal, fail) => startWrite(bucket, key, options, { signal, fail }), {
    place,
    explain: (cause) => s3Error(`Cannot write ${place}`, cause, config),
    log,
    highWaterMark: BUFFER_SIZE,
  });
}

/** What the shared stream has for a write. */
interface Given {
  readonly signal: AbortSignal;
  readonly fail: (cause: unknown) => void;
}

function startWrite(
  bucket: S3Bucket,
  key: string,
  options: WriteOptions,
  { signal, fail }: Given,
): TwoPhaseWrite {
  const { config, log, tuning } = bucket;
  const place = `s3://${config.bucket}/${key}`;
  // Requests whose outcome must be known have some time left when the write is given up.
  const patience = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  signal.addEventListener('abort', () => {
    timer = setTimeout(() => patience.abort(), tuning.cleanUpMs);
  });
  let begun: { readonly plan: PartPlan; readonly parts: Parts; readonly upload: TrackedUpload } | undefined;
  let written = 0;

  const needUpload = () => {
    if (!begun) throw new TypeError('the upload has not begun');
    return begun;
  };

  const checkSize = async (stored: string): Promise<void> => {
    const head = await findObject(bucket, stored, signal);
    if (head?.size === written) return;
    // Credentials that may only add are refused; what is wrong is the size.
    const isDeleted = await deleteObject(bucket, stored, patience.signal).then(
      () => true,
      () => false,
    );
    throw new IntegrityError(
      `s3://${config.bucket}/${stored} has ${head?.size ?? 'no'} bytes on the server, ${written} were sent; it ${isDeleted ? 'was' : 'could not be'} deleted`,
    );
  };

  return {
    /** Sends nothing yet: that begins with a full part, or at the end. */
    async open() {
      const plan = tuning.plan ?? planParts(options.expected, config);
      const memory = memoryOf(plan);
      // What every run reads is a status, of some KiB: it never fills a part.
      if (memory > NOTABLE_MEMORY && !options.readOften) {
        const { warnLasting = (message: string) => log.warn(message) } = options;
        const needs = `parts of ${formatBytes(plan.partSize)} and ${formatBytes(memory)} of memory`;
        warnLasting(`${place} takes ${needs}`, 'large parts');
      }
      const parts = createParts(plan, signal);
      const upload = startUpload(bucket, {
        key,
        parts,
        plan,
        how: storage(config, options),
        claim: options.claim,
        replaces: options.replaces,
        size: () => written,
        signal,
        patience: patience.signal,
        fail,
      });
      begun = { plan, parts, upload };
    },

    async write(bytes) {
      const { plan, parts } = needUpload();
      const { capacity, remedy } = plan;
      written += bytes.length;
      if (written > capacity) {
        const message = `Cannot write ${place}: there are more than the ${formatBytes(capacity)} that its parts hold`;
        throw new OutgrownError(message, { size: written, remedy });
      }
      await parts.add(bytes);
    },

    async commit() {
      const { parts, upload } = needUpload();
      parts.end();
      await upload.done;
      // No check after a single request: the server has compared body, length and signed SHA-256 before it said yes.
      if (upload.isMultipart()) {
        await checkSize(upload.key());
        await upload.removeMarker(patience.signal);
      }
      options.claim?.claimed(upload.key());
    },

    async undo() {
      await begun?.upload.done.catch(() => {});
      clearTimeout(timer);
      await begun?.upload.undo(AbortSignal.timeout(tuning.cleanUpMs));
    },
  };
}
