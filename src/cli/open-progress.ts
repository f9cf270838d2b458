import type { Progress } from '../jobs/job-context.ts';
import type { Terminal } from './terminal.ts';

/** The progress line where somebody watches, on a terminal that can clear a line; under cron nothing of it is even loaded. */
export async function openProgress(terminal: Terminal): Promise<Progress> {
  if (!terminal.stderrIsTerminal || process.env['TERM'] === 'dumb')
    return { begin: () => ({ advance: () => undefined, end: () => undefined }) };
  const { createProgress } = await import('./progress.ts');
  return createProgress(terminal);
}
