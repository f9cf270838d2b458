/** What the rows are to be as of. */
export type RecoveryTarget =
  /** The last complete transaction that there is. */
  | { readonly kind: 'latest' }
  | TimeTarget
  /** This transaction is the last one included: `DOMAIN-SERVER-NUMBER`, `UUID:NUMBER` or `UUID:TAG:NUMBER`. */
  | { readonly kind: 'gtid'; readonly gtid: string }
  /** All that ends at or before this position of the server's own log. */
  | PositionTarget;

/** All transactions committed before this moment. */
export interface TimeTarget {
  readonly kind: 'time';
  /** Microseconds since the epoch. */
  readonly at: number;
  /** The time zone that was assumed; undefined: the time had one. */
  readonly assumedZone: string | undefined;
}

export interface PositionTarget {
  readonly kind: 'position';
  /** As SHOW BINARY LOGS names it. */
  readonly binlog: string;
  /** Bytes from the beginning of the log. */
  readonly position: number;
}
