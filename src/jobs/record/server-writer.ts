import type { Writer } from '../../copies/writer.ts';
import type { JobContext } from '../job-context.ts';

/** Who writes the copies of a server: this machine, and that server. */
export function writerOf(
  { id }: { readonly id: string },
  { machineId }: Pick<JobContext, 'machineId'>,
): Writer {
  return { machineId: machineId(), server: id };
}
