import { performance } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';
import { quoteLocation } from '../../copies/quote-location.ts';
import type { Destination } from '../../destinations/destination.ts';
import { describeError, OutgrownError } from '../../errors.ts';
import type { LogFields } from '../../log.ts';
import { backupChain } from '../../modifiers/chain.ts';
import { KeepLocal } from '../../modifiers/keep-local.ts';
import type { Modifier, Suffix } from '../../modifiers/modifier.ts';
import { type Digest, DigestMeter } from '../../pipeline/digest.ts';
import { runPipeline, type Stage } from '../../pipeline/run-pipeline.ts';
import { SomeBytes } from '../../pipeline/some-bytes.ts';
import type { Source } from '../../sources/source.ts';
import type { JobContext } from '../job-context.ts';
import { expectSize } from './expect-size.ts';

/** An object that has been stored whole. */
export interface StoredObject extends Digest {
  readonly key: string;
  /** The transformations it went through, in their order. */
  readonly chain: readonly Suffix[];
}

interface StoreOptions {
  /** The copy's key before the suffixes of its modifiers. */
  readonly key: string;
  /** Bytes the last copy of this source had. */
  readonly previousSize: number | undefined;
}

/** The copy on the destination and, where keep_local_path is configured, the one below it. */
export interface StoredCopy {
  readonly atDestination: StoredObject;
  readonly local: StoredObject | undefined;
  /** How long the stream took. */
  readonly seconds: number;
}

/** A stored copy in the structured log. */
export function logFieldsOf({ atDestination: { key, size }, seconds }: StoredCopy): LogFields {
  return { key, bytes: size, seconds };
}

/**
 * Source -> compressor -> keep-local -> gpg -> destination. When anything fails, neither the destination nor
 * keep_local_path has anything under the copy's key.
 */
export async function storeCopy(
  source: Source<unknown>,
  { key, previousSize }: StoreOptions,
  context: JobContext,
): Promise<StoredCopy> {
  const [compressor, ...encryption] = backupChain(context.config, context.cores);
  const localKey = key + compressor.suffix;
  const remoteKey = localKey + encryption.map((modifier) => modifier.suffix).join('');
  const begun = performance.now();
  const reading = await source.open();
  const compressing = await compressor.apply();
  const encrypting = await applyAll(encryption);

  const line = context.progress.begin(source.title, previousSize);
  const remoteMeter = new DigestMeter((bytes) => line.advance(bytes));
  // Without encryption both places get the same bytes.
  const localMeter = encryption.length > 0 ? new DigestMeter() : remoteMeter;
  const keeping = (local: Destination): Duplex[] => [
    ...(localMeter === remoteMeter ? [] : [localMeter]),
    new KeepLocal(local.write(localKey)),
  ];
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
        context.destination.write(remoteKey, {
          expected,
          warnLasting: (message, essence) =>
            context.warnLasting(`copies of ${source.title}`, message, essence),
        }),
      ],
      context.signal,
    );
    if (reached !== undefined) outgrown?.note(source.title, undefined);
  } catch (error) {
    if (error instanceof OutgrownError) outgrown?.note(source.title, error.size);
    await removeLocalCopy(context, localKey);
    throw error;
  } finally {
    line.end();
  }
  return {
    atDestination: { key: remoteKey, chain: suffixesOf([compressor, ...encryption]), ...remoteMeter.digest },
    local: context.local && { key: localKey, chain: suffixesOf([compressor]), ...localMeter.digest },
    seconds: Math.round(performance.now() - begun) / 1000,
  };
}

/** An empty object restores nothing, and an empty stream that gpg encrypts does not even look empty. */
function refuseNothing(stage: Stage, fallback: string): Stage[] {
  return [stage, new SomeBytes('command' in stage ? stage.command : fallback)];
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
