import { knownMachineIdOf } from '../lock/machine-id.ts';
import type { JobContext } from './job-context.ts';

/** The context of a job that only says what another one would do: it makes no ID of this machine, and remembers nothing on it. */
export function withoutWriting<C extends JobContext>(context: C): C {
  const { config, stored } = context;
  return {
    ...context,
    machineId: () => knownMachineIdOf(config.hostName),
    ...(stored && { stored: { ...stored, write: async () => undefined, forget: async () => undefined } }),
  };
}
