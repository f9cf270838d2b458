import type { BootReport } from '../boot/boot-report.ts';

/** What came of finding out whether a copy can be restored. */
export interface Verification {
  /** The key of the copy, or what was asked for when there is no such copy. */
  readonly copy: string;
  /** Where the copy is; undefined when there is none. */
  readonly location: string | undefined;
  /** Seconds. */
  readonly restoreTime: number;
  /** Why the copy cannot be restored; undefined when it can. */
  readonly failure: string | undefined;
  /** What came of starting a server on it; absent: none was to be started. */
  readonly boot?: BootVerification;
}

/** What is known of a recovery up to a server that answers; undefined is what it did not come to. */
export interface BootVerification {
  /** Seconds of each step. */
  readonly fetch: number | undefined;
  readonly prepare: number | undefined;
  readonly replay: number | undefined;
  readonly report: BootReport | undefined;
  /** The last transaction that the data hold, as their server names it. */
  readonly gtid: string | undefined;
  /** The moment up to which the data hold everything, in seconds since the epoch. */
  readonly reached: number | undefined;
  /** Seconds from the beginning until a server had the data: what a real recovery takes at least. */
  readonly rto: number | undefined;
  /** Seconds from that moment to the beginning: what a loss just then would have cost. */
  readonly rpo: number | undefined;
}
