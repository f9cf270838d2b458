import { StorageError } from '../../errors.ts';
import { formatBytes } from '../../units.ts';
import type { WriteOptions } from '../destination.ts';
import type { S3Bucket } from './client.ts';
import { BUFFER_BUDGET, type PartPlan, planParts } from './part-plan.ts';

/** Above this much memory for buffers the process is likely to need more than the 300 MB promised for S3. */
const NOTABLE_MEMORY = 1.25 * BUFFER_BUDGET;

/** A part in the middle of the stream, to tell the size of most of them. */
const USUAL_PART = 2000;

/** The plan for an object of the size that is expected. Says so when its parts take more memory than usual. */
export async function choosePlan(
  { config, log, tuning }: S3Bucket,
  key: string,
  { estimate }: WriteOptions,
  signal: AbortSignal,
): Promise<PartPlan> {
  if (tuning.plan) return tuning.plan;
  const expected = await estimate?.(signal);
  signal.throwIfAborted();
  const plan = planParts(expected, config.partSize);
  if (plan.memory > BUFFER_BUDGET) {
    const message =
      `s3://${config.bucket}/${key} takes parts of ${formatBytes(plan.partSize(USUAL_PART))} ` +
      `and ${formatBytes(plan.memory)} of memory for them`;
    if (plan.memory > NOTABLE_MEMORY) log.warn(message);
    else log.info(message);
  }
  return plan;
}

/** An object that has grown, in bytes. */
interface Growth {
  readonly before: number;
  readonly after: number;
}

/** Throws a StorageError when an object has outgrown its plan, and warns once when it grows beyond what was expected. */
export function checkGrowth(
  { config, log }: Pick<S3Bucket, 'config' | 'log'>,
  key: string,
  plan: PartPlan,
  { before, after }: Growth,
): void {
  if (after > plan.capacity) {
    throw new StorageError(`there are more than the ${formatBytes(plan.capacity)} that its parts hold`, {
      remedy: plan.remedy,
    });
  }
  if (before <= plan.planned && after > plan.planned) {
    log.warn(
      `s3://${config.bucket}/${key} is larger than the ${formatBytes(plan.planned)} reckoned with: ` +
        `its parts grow, and with them the memory used. ${plan.remedy}`,
    );
  }
}
