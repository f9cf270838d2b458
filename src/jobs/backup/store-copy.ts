import { performance } from 'node:perf_hooks';
import type { Duplex, Writable } from 'node:stream';
import { quoteLocation } from '../../copies/quote-location.ts';
import type { Claim, Destination } from '../../destinations/destination.ts';
import { describeError, OutgrownError, TwinDbError } from '../../errors.ts';
import type { LogFields } from '../../log.ts';
import { backupChain } from '../../modifiers/chain.ts';
import { KeepLocal } from '../../modifiers/keep-local.ts';
import type { Modifier, Suffix } from '../../modifiers/modifier.ts';
import { type Digest, DigestMeter } from '../../pipeline/digest.ts';
import { runPipeline } from '../../pipeline/run-pipeline.ts';
import { refuseNothing } from '../../pipeline/some-bytes.ts';
import { throttled } from '../../pipeline/throttle.ts';
import type { Source } from '../../sources/source.ts';
import { secondsSince } from '../../units.ts';
import type { JobContext } from '../job-context.ts';
import { expectSize } from './expect-size.ts';

/** An object that has been stored whole. */
export interface StoredObject extends Digest {
  readonly key: string;
  /** The transformations it went through, in their order. */
  readonly chain: readonly Suffix[];
}

interface StoreOptions {
  /** The keys that the copy may have, before the suffixes of its modifiers, the best with 0: it gets the first one that nothing has. */
  readonly keyAt: (index: number) => string;
  /** Bytes the last copy of this source had. */
  readonly previousSize: number | undefined;
}

/** The copy on the destination and, where keep_local_path is configured, the one below it. */
export interface StoredCopy {
  readonly atDestination: StoredObject;
  readonly local: StoredObject | undefined;
  /** Which of its keys the copy has. */
  readonly index: number;
  /** How long the stream took. */
  readonly seconds: number;
}

/** A stored copy in the structured log. */
export function logFieldsOf({ atDestination: { key, size }, seconds }: StoredCopy): LogFields {
  return { key, bytes: size, seconds };
}

/**
 * Source -> compressor -> keep-local -> gpg -> destination. When anything fails, neither the destination nor
 * keep_local_path has anything of this copy. Both have it under the same key, which no other run has.
 */
export async function storeCopy(
  source: Source<unknown>,
  { keyAt, previousSize }: StoreOptions,
  context: JobContext,
): Promise<StoredCopy> {
  const [compressor, ...encryption] = backupChain(context.config, context.cores);
  const localKeys = claimFrom((index) => keyAt(index) + compressor.suffix);
  const remoteKeys = claimFrom(
    (index) => localKeys.keyAt(index) + encryption.map((modifier) => modifier.suffix).join(''),
  );
  const begun = performance.now();
  const reading = await source.open();
  const compressing = await compressor.apply();
  const encrypting = await applyAll(encryption);

  const line = context.progress.begin(source.title, previousSize, {
    phase: 'Backing up',
    isGuess: true,
  });
  const remoteMeter = new DigestMeter((bytes) => line.advance(bytes));
  // Without encryption both places get the same bytes.
  const localMeter = encryption.length > 0 ? new DigestMeter() : remoteMeter;
  let kept: Writable | undefined;
  const keeping = (local: Destination): Duplex[] => {
    kept = local.write(localKeys.keyAt(0), { claim: localKeys.claim });
    return [...(localMeter === remoteMeter ? [] : [localMeter]), new KeepLocal(kept)];
  };
  const { outgrown } = context;
  const reached = outgrown?.reached(source.title);
  const expected = expectSize({ previousSize, sourceSize: source.size, reached });
  try {
    // Every stream is made here, where nothing is awaited, so that the pipeline closes each of them.
    await runPipeline(
      [
        reading,
        ...(source.check ? [source.check()] : []),
        ...refuseNothing(compressing, 'the compressor'),
        ...(context.local ? keeping(context.local) : []),
        ...encrypting.flatMap((stage) => refuseNothing(stage, 'gpg')),
        remoteMeter,
        ...throttled(context.rateLimit),
        context.destination.write(remoteKeys.keyAt(0), {
          expected,
          claim: remoteKeys.claim,
          warnLasting: (message, essence) =>
            context.warnLasting(`copies of ${source.title}`, message, essence),
        }),
      ],
      context.signal,
    );
    if (reached !== undefined) outgrown?.note(source.title, undefined);
  } catch (error) {
    if (error instanceof OutgrownError) outgrown?.note(source.title, error.size);
    // One that was given up has removed itself, and another run may have its key by now.
    const local = localKeys.claimed();
    if (local !== undefined && kept?.writableFinished) await removeLocalCopy(context, local.key);
    throw error;
  } finally {
    line.end();
  }
  const stored = remoteKeys.claimed();
  if (stored === undefined)
    throw new TypeError('The destination has not said which key it stored the copy under');
  const { key: remoteKey, index } = stored;
  const localKey = await alignLocalCopy(localKeys.claimed()?.key, localKeys.keyAt(index), remoteKey, context);
  return {
    atDestination: { key: remoteKey, chain: suffixesOf([compressor, ...encryption]), ...remoteMeter.digest },
    local:
      localKey === undefined
        ? undefined
        : { key: localKey, chain: suffixesOf([compressor]), ...localMeter.digest },
    index,
    seconds: secondsSince(begun),
  };
}

/** A claim that goes from one of these keys to the next, and which one it got. */
function claimFrom(keyAt: (index: number) => string) {
  let index = 0;
  let claimed: { readonly key: string; readonly index: number } | undefined;
  const claim: Claim = {
    next: () => keyAt(++index),
    claimed: (key) => {
      claimed = { key, index };
    },
  };
  return { keyAt, claim, claimed: () => claimed };
}

/**
 * Gives the local copy the name that the one at the destination got: restores find it by that. Another run may have taken the name in one of
 * the two only. Returns its key; undefined when there is none, or none any more.
 */
async function alignLocalCopy(
  key: string | undefined,
  wanted: string,
  remoteKey: string,
  context: JobContext,
): Promise<string | undefined> {
  const { local, destination, log } = context;
  if (local === undefined || key === undefined || key === wanted) return key;
  try {
    if (local.move === undefined) throw new TwinDbError('copies cannot be renamed there');
    await local.move(key, wanted);
    return wanted;
  } catch (error) {
    log.warn(
      `${quoteLocation(destination.locate(remoteKey))} is safe, but its copy in keep_local_path could not get the same name and is removed: ${describeError(error)}`,
    );
    await removeLocalCopy(context, key);
    return undefined;
  }
}

function suffixesOf(modifiers: readonly Modifier[]): Suffix[] {
  return modifiers.map((modifier) => modifier.suffix);
}

function applyAll(modifiers: readonly Modifier[]): Promise<Awaited<ReturnType<Modifier['apply']>>[]> {
  return Promise.all(modifiers.map((modifier) => modifier.apply()));
}

/** Removes the local copy of a backup that failed: it may have been complete when a later step failed. */
export async function removeLocalCopy({ local, log }: JobContext, key: string): Promise<void> {
  try {
    await local?.delete(key);
  } catch (error) {
    // The failure that led here is the one to report; this one must not hide it.
    log.warn(
      `The local copy ${quoteLocation(local?.locate(key) ?? key)} of a failed backup may remain: ${describeError(error)}`,
    );
  }
}
