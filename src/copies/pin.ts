/** That a copy is to stay whatever retention says: `pin COPY`. */
export interface Pin {
  /** When it was pinned, in seconds since the epoch; undefined: that is not known. */
  readonly at: number | undefined;
  /** Why, in the operator's words. */
  readonly reason: string | undefined;
}

/** What the entry of a copy says of that. */
export interface PinnableCopy {
  /** Absent: retention decides. */
  readonly pin?: Pin | undefined;
}
