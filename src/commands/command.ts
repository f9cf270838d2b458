import type { JobContext } from '../jobs/job-context.ts';

/** What a command works with: the job context, and the place for its results. */
export interface CommandContext extends JobContext {
  /** Whether a person reads the results. */
  readonly interactive: boolean;
  /** Columns of the terminal that shows the results; absent: it does not say. */
  readonly columns?: number;
  /** Asks the user at the terminal, and returns the answer; absent where there is no terminal. */
  readonly ask?: ((question: string) => Promise<string>) | undefined;
  /**
   * For a service: aborts at the first SIGINT, SIGTERM or SIGHUP, when it has some time left to bring its work to an end; `signal` aborts when that is over.
   * Absent: nothing but `signal` ends the command.
   */
  readonly stopping?: AbortSignal;
  /** Writes a line to stdout. */
  readonly print: (line: string) => void;
}
