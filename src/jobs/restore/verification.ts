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
}
