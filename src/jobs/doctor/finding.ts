import type { JobContext } from '../job-context.ts';

/** How bad it is. Only a failure keeps the next run from succeeding. */
export type Severity = 'ok' | 'note' | 'warning' | 'failure';

/** What the doctor has to say of one part of the tool's surroundings. */
export interface Finding {
  /** The part, such as `destination`. */
  readonly part: string;
  readonly severity: Severity;
  /** The first line says what is, further ones what to do. */
  readonly message: string;
}

/** Takes what is found of a part. */
export interface Report {
  ok(message: string): void;
  /** For who wants to know: neither good nor bad. */
  note(message: string): void;
  warn(message: string): void;
  fail(error: unknown): void;
}

/** One part to examine. What it throws is a failure. */
export interface Examination {
  readonly part: string;
  /** The signal of the context ends it when it takes too long; its warnings are findings. */
  readonly examine: (context: DoctorContext, report: Report) => Promise<void>;
}

/** The context of an examination. */
export interface DoctorContext extends JobContext {
  /** The lock is the folder `PATH.lock`. */
  readonly lockPath: string;
}
