import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { describeError, ProcessError, TwinDbError } from '../../errors.ts';
import { backupChain } from '../../modifiers/chain.ts';
import type { Modifier } from '../../modifiers/modifier.ts';
import { Beginning } from '../../pipeline/beginning.ts';
import { runPipeline, type Stage } from '../../pipeline/run-pipeline.ts';
import type { DoctorContext, Report } from './finding.ts';

/** Random bytes do not get smaller, so that what comes back is more than a head. */
const SAMPLE_BYTES = 256 << 10;

/** Sends a sample through the compressor and gpg, and back. */
export async function examineChain(context: DoctorContext, report: Report): Promise<void> {
  const { config, cores } = context;
  const [compressor, ...others] = backupChain(config, cores);
  await tryModifier(compressor, config.compression.program, context, report);
  for (const modifier of others) await tryModifier(modifier, 'gpg', context, report);
}

async function tryModifier(
  modifier: Modifier,
  name: string,
  { signal, log }: DoctorContext,
  report: Report,
): Promise<void> {
  const sample = randomBytes(SAMPLE_BYTES);
  const stored = await pass(sample, await modifier.apply(), signal);
  if (stored.length === 0) throw new TwinDbError(`${name} writes nothing, and says that all is well`);
  try {
    const back = await pass(stored, await modifier.invert((message) => log.warn(message)), signal);
    if (!back.equals(sample)) throw new TwinDbError(`${name} does not give back what it was given`);
    report.ok(`${name} works, in both directions`);
  } catch (error) {
    signal.throwIfAborted();
    // Backups need the public key only, and the secret one may be kept elsewhere on purpose.
    if (lacksSecretKey(error)) {
      report.note(
        `${name} encrypts; this machine has no secret key, so restores have to be made where it is`,
      );
    } else report.warn(`${name} cannot read what it wrote, so restores fail here: ${describeError(error)}`);
  }
}

function lacksSecretKey(error: unknown): boolean {
  return error instanceof ProcessError && error.stderr.some((line) => /No secret key/i.test(line));
}

async function pass(bytes: Buffer, stage: Stage, signal: AbortSignal): Promise<Buffer> {
  const collected = new Beginning(2 * SAMPLE_BYTES);
  await runPipeline([Readable.from([bytes]), stage, collected], signal);
  return collected.bytes;
}
