import type { JobContext } from '../jobs/job-context.ts';

/** What a command works with: the job context, and the place for its results. */
export interface CommandContext extends JobContext {
  /** Whether a person reads the results. */
  readonly interactive: boolean;
  /** Columns of the terminal that shows the results; absent: it does not say. */
  readonly columns?: number;
  /** Writes a line to stdout. */
  readonly print: (line: string) => void;
}
