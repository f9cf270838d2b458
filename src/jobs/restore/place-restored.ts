import { describeError } from '../../errors.ts';
import { type InstallOptions, install } from '../install/install.ts';
import { THIS_HOST } from '../install/install-host.ts';
import { printSteps } from '../install/next-steps.ts';
import { planInstall } from '../install/plan-install.ts';
import { RESTORED_RECORD, type RestoredCopy, writeRestored } from '../install/restored-record.ts';
import type { JobContext } from '../job-context.ts';

/** What is to be done with restored data, for the operator. */
interface Placed {
  readonly lines: string[];
  /** Where the logs of the old server are then; undefined: where they were, or there are none. */
  readonly oldLogs: string | undefined;
}

/**
 * Puts restored data into place on this host where that is asked for; else says how, a line each. Writes down in their folder what they are, so that they
 * can be put into place later. Throws a TwinDbError when an install stops: it says at which step.
 */
export async function placeRestored(
  made: RestoredCopy,
  installing: InstallOptions | undefined,
  context: JobContext,
): Promise<Placed> {
  const restored = await writeDown(made, context);
  if (installing !== undefined) return await install(restored, installing, context);
  const plan = planInstall(restored.data, THIS_HOST, context.now());
  return { lines: printSteps(made.data, plan), oldLogs: plan.oldLogs };
}

/** The data are there: that this cannot be written down is no failure. */
async function writeDown(restored: RestoredCopy, { log }: JobContext): Promise<RestoredCopy> {
  const { data } = restored;
  try {
    await writeRestored(restored);
    return { ...restored, data: { ...data, names: [...data.names, RESTORED_RECORD] } };
  } catch (error) {
    log.warn(
      `What was restored to ${data.dst} can later be put into place by hand only: ${describeError(error)}`,
    );
    return restored;
  }
}
