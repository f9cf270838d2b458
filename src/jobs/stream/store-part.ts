import { Readable } from 'node:stream';
import { ownerKey, partKey } from '../../copies/streamed-part.ts';
import { writeSmallObject } from '../../destinations/small-object.ts';
import { backupChain } from '../../modifiers/chain.ts';
import type { CutPart } from '../../mysql/stream/part-cutter.ts';
import { DigestMeter } from '../../pipeline/digest.ts';
import { runPipeline } from '../../pipeline/run-pipeline.ts';
import { refuseNothing } from '../../pipeline/some-bytes.ts';
import { throttled } from '../../pipeline/throttle.ts';
import type { JobContext } from '../job-context.ts';

/**
 * Stores a part: compressor -> gpg -> destination, and with the first part of a log whose it is. Returns the bytes of the object. The key says what
 * is in it, so it may replace itself: after an answer that was lost it is stored once more. Its storage is never one that is slow to read.
 */
export async function storePart(
  part: CutPart,
  serverIdentity: string,
  { config, cores, host, destination, rateLimit, signal }: JobContext,
): Promise<number> {
  // First: parts of which nobody knows the server would be taken for anybody's.
  if (part.from === 0) {
    const about = JSON.stringify({ serverIdentity });
    await writeSmallObject(destination, ownerKey(host, part, serverIdentity), about, signal);
  }
  const chain = backupChain(config, cores);
  const stages = await Promise.all(chain.map((modifier) => modifier.apply()));
  const key = partKey(host, part, part.from, part.to) + chain.map(({ suffix }) => suffix).join('');
  const meter = new DigestMeter();
  await runPipeline(
    [
      Readable.from([part.bytes], { objectMode: false }),
      ...stages.flatMap((stage, index) => refuseNothing(stage, index === 0 ? 'the compressor' : 'gpg')),
      meter,
      ...throttled(rateLimit),
      destination.write(key, { readOften: true }),
    ],
    signal,
  );
  return meter.digest.size;
}
