import { InterruptedError, TwinDbError } from '../../errors.ts';
import { type RestoredData, serviceOf } from '../../mysql/copy/advice.ts';
import type { JobContext } from '../job-context.ts';
import { type Action, describeAction } from './actions.ts';
import type { InstallHost } from './install-host.ts';
import type { Journal } from './journal.ts';
import { perform } from './perform.ts';
import { requireStopped } from './require-installable.ts';
import { startService } from './start-service.ts';

/** Actions to perform, and where their journal is. */
interface Work {
  readonly actions: readonly Action[];
  /** The first one to perform: that which was begun last, in an interrupted run. */
  readonly first: number;
  readonly journal: Journal;
  readonly data: RestoredData;
  /** What the operator can do when it stops. */
  readonly remedy: string;
}

/**
 * Performs actions one after the other; each is in the journal before it begins. Throws a TwinDbError that says at which step it stopped, and the
 * signal's reason between two.
 */
export async function carryOut(
  { actions, first, journal, data, remedy }: Work,
  host: InstallHost,
  { signal, log }: Pick<JobContext, 'signal' | 'log'>,
): Promise<void> {
  const means = {
    signal,
    log,
    requireStopped: () => requireStopped(data, host),
    start: () => startServer(data, signal),
  };
  // In an interrupted run a server may have been started since, by hand or by the last action itself.
  if (first > 0 && actions[first]?.do !== 'start') await means.requireStopped();
  for (const [index, action] of actions.entries()) {
    if (index < first) continue;
    const step = `step ${index + 1} of ${actions.length}, ${describeAction(action)}`;
    try {
      signal.throwIfAborted();
      await journal.at(index);
      log.debug(`Begun: ${step}`);
      await perform(action, means);
      log.debug(`Done: ${step}`);
    } catch (cause) {
      if (cause instanceof InterruptedError) {
        log.warn(`Stopped at ${step}. ${remedy}`);
        throw cause;
      }
      throw new TwinDbError(`It stopped at ${step}`, { cause, remedy });
    }
  }
  await journal.end();
}

/** Starts the server that these data are of. Throws a TwinDbError that says why it does not. */
export async function startServer(data: RestoredData, signal: AbortSignal): Promise<void> {
  await startService(serviceOf(data), data.setup?.unit !== undefined, signal);
}
