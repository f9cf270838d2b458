import type { JobContext } from './job-context.ts';

/** Does work that has no bytes to count, and shows `phase`, and what it is done with, where somebody watches. */
export async function showStep<T>(
  { progress }: Pick<JobContext, 'progress'>,
  [phase, title = '']: readonly [phase: string, title?: string],
  work: () => Promise<T>,
): Promise<T> {
  const line = progress.begin(title, undefined, { phase, isStep: true });
  try {
    return await work();
  } finally {
    line.end();
  }
}
